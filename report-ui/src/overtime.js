// Throughput and compaction on one time axis; the line under the pointer goes through all of them.
import * as vega from 'vega'
import { colour, figure, ink, legend, shape, soft, zoom, ZOOM_HELP } from './chart.js'
import { data, runsWithValues, shortName, valuesOf, vmNames } from './data.js'
import { choice, element } from './dom.js'
import { count, note, number, numbers, scaleOf } from './format.js'
import { bootsOf, freeBlocks, machineName, machinesOf, phasesOf, rates, unusable, zonesOf } from './timelines.js'

const AXIS = 64 // px left of all panels, so that they are in line
const HEIGHT = 120
const MAX_SERIES = 24
const MAX_LABELS = 12 // boots
const MAX_KERNELS = 24 // a panel each

const viridis = vega.scheme('viridis')

/** From few pages to many; the ends that the background would swallow are left out. */
function orderColour (i, n) {
  const [from, to] = ink() === '#1c1e21' ? [0, 0.88] : [0.3, 1]
  return viridis(from + (to - from) * (n > 1 ? i / (n - 1) : 0))
}

// --- panels: { heading, y, layers, rows } ---

function valuePanel (kernel, index, run, byTime) {
  const raw = valuesOf(index).filter((row) => row.run === run && (row.t != null || !byTime))
  if (raw.length === 0) return null
  const scaled = scaleOf(kernel.unit, data.table.filter((row) => row.kernel === index).reduce((most, row) => Math.max(most, row.median ?? 0), 0))
  const told = vmNames.length <= MAX_SERIES
  const rows = raw.map((row) => {
    const i = told ? Math.max(vmNames.indexOf(row.name), 0) : 0
    return {
      series: `vm\n${row.name}`, t: byTime ? row.t : row.iteration, high: row.value / scaled.scale, name: row.name,
      policy: row.policy, iteration: row.iteration, colour: colour(i), shape: shape(i), unit: scaled.unit, kernel: kernel.name,
      opacity: row.changed ? 0.2 : 0.75,
    }
  })
  return { heading: `${kernel.name}, ${scaled.unit}`, rows, zero: false, marks: [pointMark(rows.length)] }
}

const pointMark = (n) => ({
  mark: { type: 'point', filled: true, size: n > 1500 ? 8 : 22, clip: true, aria: false, tooltip: { content: 'data' } },
  encoding: {
    shape: { field: 'shape', type: 'nominal', scale: null, legend: null },
    opacity: { field: 'opacity', type: 'quantitative', scale: null, legend: null },
  },
})

// What is not known is a gap.
const GAPS = { invalid: 'break-paths-show-domains', clip: true, aria: false }
const AREA = { mark: { type: 'area', opacity: 0.18, ...GAPS }, encoding: { y2: { field: 'low' } } }
const LINE = { mark: { type: 'line', strokeWidth: 1.5, ...GAPS }, encoding: {} }
const DOTS = { mark: { type: 'point', filled: true, size: 30, opacity: 0, clip: true, aria: false, tooltip: { content: 'data' } }, encoding: {} }

function linePanel (heading, series, paint, scale = {}, axis = {}) {
  if (series.length === 0) return null
  const rows = series.flatMap((one, i) => one.rows.map((row) => ({ ...row, colour: paint(i) })))
  if (rows.every((row) => row.high == null)) return null
  return { heading, rows, zero: true, scale, axis, marks: [AREA, LINE, DOTS] }
}

function machinePanels (line, zone) {
  const free = freeBlocks(line, zone)
  return [
    linePanel(`free blocks, ${zone}`, free, (i) => orderColour(i, free.length), { type: 'symlog', constant: 1, nice: true },
      { values: [0, 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7], format: ',d' }),
    linePanel('unusable free space index, order 9', unusable(line), colour, { domain: [0, 1] }, { format: '.1f', tickCount: 3 }),
    linePanel('events per second', rates(line), colour, {}, { format: ',~f' }),
  ]
}

// --- the chart of all panels ---

const labelWidth = (width) => Math.min(140, width / 3)

/** Above the first panel. */
const bootLabels = (name, align, field, width) => ({
  data: { name },
  mark: { type: 'text', align, baseline: 'bottom', color: soft(), fontSize: 11, limit: labelWidth(width), clip: false, aria: false },
  encoding: { x: { field, type: 'quantitative' }, y: { value: -3 }, text: { field: 'policy' } },
})

function layersOf (panel, i, xTitle, domain, width) {
  const x = {
    field: 't', type: 'quantitative', title: xTitle, scale: { domain, nice: false },
    axis: { labels: xTitle != null, ticks: xTitle != null, tickCount: Math.max(2, Math.floor(width / 90)) },
  }
  const y = {
    field: 'high', type: 'quantitative', title: null, scale: { zero: panel.zero, ...panel.scale },
    axis: { minExtent: AXIS, maxExtent: AXIS, tickCount: 4, ...panel.axis },
  }
  return [
    {
      data: { name: 'phases' },
      mark: { type: 'rect', color: soft(), opacity: 0.12, clip: true, aria: false, tooltip: { content: 'data' } },
      encoding: { x: { field: 'from', type: 'quantitative' }, x2: { field: 'to' } },
    },
    ...panel.marks.map(({ mark, encoding }, j) => ({
      name: `panel${i}mark${j}`,
      data: { name: `panel${i}` },
      transform: [{ filter: 'indexof(hidden, datum.series) < 0' }],
      mark,
      encoding: {
        x, y, color: { field: 'colour', type: 'nominal', scale: null, legend: null }, detail: { field: 'series', type: 'nominal' }, ...encoding,
      },
    })),
    ...(i === 0 ? [bootLabels('early', 'left', 'from', width), bootLabels('late', 'right', 'to', width)] : []),
    {
      data: { values: [{}] },
      mark: { type: 'rule', color: ink(), opacity: { expr: 'moment == null ? 0 : 0.6' }, clip: true, aria: false },
      encoding: { x: { datum: { expr: 'moment == null ? 0 : moment' }, type: 'quantitative' } },
    },
  ]
}

function domainOf (panels, phases) {
  let [from, to] = [Infinity, -Infinity]
  for (const { rows } of panels) for (const { t } of rows) [from, to] = [Math.min(from, t), Math.max(to, t)]
  for (const phase of phases) [from, to] = [Math.min(from, phase.from), Math.max(to, phase.to)]
  const margin = (to - from) * 0.01 || 1
  return [from - margin, to + margin]
}

function specOf (width, panels, phases, hidden, xTitle) {
  const boots = bootsOf(phases)
  const domain = domainOf(panels, phases)
  // Where a label would leave the picture, it ends with its boot.
  const isEarly = (boot) => (domain[1] - boot.from) / (domain[1] - domain[0]) * width >= labelWidth(width) + AXIS
  const labelled = boots.length <= MAX_LABELS ? boots : []
  const datasets = { phases, early: labelled.filter(isEarly), late: labelled.filter((boot) => !isEarly(boot)) }
  panels.forEach((panel, i) => { datasets[`panel${i}`] = panel.rows })
  return {
    datasets,
    params: [
      { name: 'hidden', value: hidden },
      { name: 'moment', value: null },
      zoom('zoom', ['x'], { views: panels.map((_, i) => `panel${i}mark0`) }),
    ],
    resolve: { scale: { x: 'shared' } },
    spacing: 14,
    vconcat: panels.map((panel, i) => ({
      title: { text: panel.heading, anchor: 'start', color: ink(), fontSize: 12, fontWeight: 'normal', offset: i === 0 && boots.length > 0 ? 14 : 4 },
      width: Math.max(width - AXIS - 24, 120),
      height: HEIGHT,
      layer: layersOf(panel, i, i === panels.length - 1 ? xTitle : null, domain, width),
    })),
  }
}

// --- what is under the pointer ---

function nearest (rows, t) {
  let best = null
  for (const row of rows) if (!best || Math.abs(row.t - t) < Math.abs(best.t - t)) best = row
  return best
}

function readText (panels, phases, hidden, t, byTime) {
  const phase = phases.find(({ from, to }) => t >= from && t <= to)
  const parts = panels.map((panel) => {
    const seen = new Map()
    for (const row of panel.rows) {
      if (row.high == null || hidden.includes(row.series)) continue
      const other = seen.get(row.series)
      if (!other || Math.abs(row.t - t) < Math.abs(other.t - t)) seen.set(row.series, row)
    }
    if (panel.marks.length === 1) {
      const row = nearest([...seen.values()], t)
      return row && `${row.kernel} ${numbers(row.high)(row.high)} ${row.unit} (${shortName(row.name)})`
    }
    return [...seen.values()].slice(0, 12).map((row) => `${row.text} ${number(row.high)}`).join(' · ')
  })
  const when = byTime ? `${number(t)} s${phase ? ` (${phase.policy}, ${phase.kernel})` : ''}` : `run ${Math.round(t)}`
  return [when, ...parts.filter(Boolean)].join(' — ')
}

/** The pointer's place on the time axis; beside the panels there is none. */
function timeAt (view, event) {
  const box = view.container().getBoundingClientRect()
  const item = view.scenegraph().root.items[0].items.find((mark) => mark.marktype === 'group')?.items[0]
  const x = event.clientX - box.left - view.origin()[0] - (item?.x ?? 0)
  return item && x >= 0 && x <= item.width ? view.scale('x').invert(x) : null
}

/** @tell: what is to be read at a time. */
function follow (chart, readout, tell) {
  let pending = null
  chart.container.addEventListener('pointermove', (event) => {
    const first = pending == null
    pending = event
    if (first) requestAnimationFrame(() => {
      const view = chart.view()
      const t = view ? timeAt(view, pending) : null
      pending = null
      view?.signal('moment', t).runAsync()
      readout.textContent = t == null ? ZOOM_HELP : tell(t)
    })
  })
  chart.container.addEventListener('pointerleave', () => {
    chart.view()?.signal('moment', null).runAsync()
    readout.textContent = ZOOM_HELP
  })
}

const tooltip = (datum) => {
  if (datum.kernel && datum.from != null) return [['Policy', datum.policy], ['Kernel', datum.kernel], ['From', `${number(datum.from)} s`], ['To', `${number(datum.to)} s`]]
  if (datum.kernel) return [[datum.kernel, `${number(datum.high)} ${datum.unit}`], ['VM', shortName(datum.name)], ['Policy', datum.policy], ['Iteration', number(datum.iteration)]]
  if (datum.text) return [[datum.text, datum.low === datum.high ? number(datum.high) : `${number(datum.low)} … ${number(datum.high)}`], ['Until', `${number(datum.t)} s`]]
  return null
}

// --- the section ---

const hasTimes = (run) => machinesOf(run).length > 0 || data.phases.some((phase) => phase.run === run)

export function showOverTime (target) {
  const valued = runsWithValues()
  const runs = data.runs.filter((run) => hasTimes(run.id) || valued.has(run.id))
  if (runs.length === 0) {
    target.append(element('p', {}, 'Nothing is known of any time.'))
    return
  }
  const state = { run: runs[0].id, machine: 0, zone: null, hidden: [] }
  const controls = element('div', { class: 'controls' })
  const legends = element('div', {})
  const readout = element('p', { class: 'readout', 'aria-live': 'off' }, ZOOM_HELP)
  const left = element('p', { class: 'note' })
  let tell = () => ''

  function update () {
    const machines = machinesOf(state.run)
    const line = machines[state.machine]
    const zones = line ? zonesOf(line) : []
    if (!zones.includes(state.zone)) state.zone = zones[0]
    controls.replaceChildren(...[
      choice('Run', runs.map((run) => [run.id, hasTimes(run.id) ? run.id : `${run.id}, without times`]), state.run, (value) => change({ run: Number(value), machine: 0 })),
      choice('Machine', machines.map((machine, i) => [i, machineName(machine)]), state.machine, (value) => change({ machine: Number(value) })),
      choice('Zone', zones.map((zone) => [zone, zone]), state.zone, (value) => change({ zone: value })),
    ].filter(Boolean))
    state.hidden = []
    legends.replaceChildren(...legendsOf(line, state, (hidden) => {
      state.hidden = hidden
      chart.view()?.signal('hidden', hidden).run()
    }))
  }

  function make (width) {
    const line = machinesOf(state.run)[state.machine]
    const byTime = hasTimes(state.run)
    const phases = phasesOf(state.run)
    const measured = data.kernels.map((kernel, i) => valuePanel(kernel, i, state.run, byTime)).filter(Boolean)
    const panels = [...measured.slice(0, MAX_KERNELS), ...(line ? machinePanels(line, state.zone).filter(Boolean) : [])]
    left.textContent = measured.length > MAX_KERNELS ? `Of ${count(measured.length, 'kernel')} the first ${MAX_KERNELS} are drawn.` : ''
    if (panels.length === 0) return { text: 'Of this run nothing is known that could be drawn over time.' }
    tell = (t) => readText(panels, phases, state.hidden, t, byTime)
    return {
      spec: specOf(width, panels, phases, state.hidden, byTime ? 's since the run began' : 'run of the benchmark'),
      points: panels.reduce((sum, panel) => sum + panel.rows.length, 0),
      tooltip,
    }
  }

  function change (what) {
    Object.assign(state, what)
    update()
    chart.redraw()
  }

  const chart = figure(DESCRIPTION, make, controls, legends)
  update()
  follow(chart, readout, (t) => tell(t))
  target.append(chart.node, readout, left)
  if (data.timelines_note) target.append(element('p', { class: 'note' }, note(data.timelines_note)))
}

const DESCRIPTION = 'What was measured and, below it, free memory blocks, fragmentation and compaction of the chosen machine, on one time axis; shaded where a kernel was measured. A stretch of samples is drawn from its lowest to its highest value. Of what has no times the axis is the run of the benchmark.'

function legendsOf (line, state, onchange) {
  const hidden = new Map()
  const merged = (label) => (names) => {
    hidden.set(label, names)
    onchange([...hidden.values()].flat())
  }
  const make = (label, items, least = 1) => items.length >= least && items.length <= MAX_SERIES ? legend(label, items, merged(label)) : null
  const free = line ? freeBlocks(line, state.zone) : []
  return [
    make('VMs', vmNames.map((name, i) => ({ name: `vm\n${name}`, text: shortName(name), colour: () => colour(i), shape: shape(i) })), 2),
    make('Free blocks', free.map((one, i) => ({ ...one, colour: () => orderColour(i, free.length) }))),
    make('Index', line ? unusable(line).map((one, i) => ({ ...one, colour: () => colour(i) })) : []),
    make('Events', line ? rates(line).map((one, i) => ({ ...one, colour: () => colour(i) })) : []),
  ].filter(Boolean)
}
