// Distributions: every value a point, and above them the box of all.
import { colour, figure, ink, legend, shape, soft, zoom, ZOOM_HELP } from './chart.js'
import { data, policyName, shortName, valuesOf, vmNames } from './data.js'
import { element } from './dom.js'
import { note, number, numbers, scaleOf } from './format.js'

const MAX_SERIES = 24 // VMs that colours and shapes can tell apart
const BAND = 84 // px a policy
const BOX = 16 // px
const OFFSETS = [-1.2, 2] // points are between -1 and 1
const BOX_OFFSET = 1.6
const MANY = 1500 // points: smaller and paler

/** Always the same for the same value, so that the page looks the same each time. */
function jitter (i) {
  const x = Math.sin(i * 12.9898 + 4.1414) * 43758.5453
  return (x - Math.floor(x)) * 2 - 1
}

function boxes (index, scale) {
  return data.table.filter((row) => row.kernel === index && row.vm == null && row.n > 0).map((row) => ({
    policy: policyName(row.policy),
    n: row.n,
    ...Object.fromEntries(['minimum', 'p5', 'q1', 'median', 'q3', 'p95', 'maximum'].map((key) => [key, row[key] / scale])),
  }))
}

const MARKS = [
  ['rule', { color: 'soft' }, 'p5', 'p95'],
  ['bar', { height: BOX, opacity: 0.3, color: 'ink' }, 'q1', 'q3'],
  ['tick', { size: BOX + 4, thickness: 3, color: 'ink' }, 'median'],
]

function boxLayer ([type, style, from, to]) {
  return {
    data: { name: 'boxes' },
    mark: { type, ...style, color: style.color === 'ink' ? ink() : soft(), tooltip: { content: 'data' } },
    encoding: {
      x: { field: from, type: 'quantitative' },
      ...(to && { x2: { field: to } }),
      y: { field: 'policy', type: 'nominal' },
      yOffset: { datum: BOX_OFFSET, type: 'quantitative' },
    },
  }
}

function spec (width, rows, box, title, hidden, told) {
  const policies = [...new Set([...box.map((one) => one.policy), ...rows.map((row) => row.policy)])]
  const names = told ? vmNames : []
  return {
    autosize: { type: 'fit-x', contains: 'padding' },
    height: policies.length * BAND,
    datasets: { boxes: box, points: rows },
    params: [{ name: 'hidden', value: hidden }],
    encoding: {
      y: { field: 'policy', type: 'nominal', title: null, scale: { domain: policies, paddingInner: 0.3 }, axis: { labelLimit: width / 3 } },
    },
    layer: [
      ...MARKS.map(boxLayer),
      {
        data: { name: 'points' },
        params: [zoom('zoom', ['x'])],
        transform: [{ filter: 'indexof(hidden, datum.name) < 0' }],
        mark: { type: 'point', filled: true, size: rows.length > MANY ? 12 : 26, clip: true, aria: false, tooltip: { content: 'data' } },
        encoding: {
          x: { field: 'value', type: 'quantitative', title, scale: { zero: false, nice: true }, axis: { tickCount: Math.floor(width / 80) } },
          yOffset: { field: 'jitter', type: 'quantitative', scale: { domain: OFFSETS } },
          color: told
            ? { field: 'name', type: 'nominal', legend: null, scale: { domain: names, range: names.map((_, i) => colour(i)) } }
            : { value: colour(0) },
          shape: told
            ? { field: 'name', type: 'nominal', legend: null, scale: { domain: names, range: names.map((_, i) => shape(i)) } }
            : { value: 'circle' },
          opacity: { field: 'opacity', type: 'quantitative', scale: null, legend: null },
        },
      },
    ],
  }
}

function describe (kernel, box, scaled, format) {
  const each = box.slice(0, 12).map((one) =>
    `${one.policy}: median ${format(one.median)}, 90 % of values from ${format(one.p5)} to ${format(one.p95)}`)
  return `${kernel.name}, ${scaled.unit}, ${kernel.better} is better. ${each.join('; ')}.`
}

function chartOf (kernel, index, state) {
  const raw = valuesOf(index)
  const largest = raw.reduce((most, row) => Math.max(most, row.value), 0)
  const scaled = scaleOf(kernel.unit, data.table.filter((row) => row.kernel === index).reduce((most, row) => Math.max(most, row.median ?? 0), 0))
  const format = numbers(largest / scaled.scale)
  const rows = raw.map((row, i) => ({ ...row, value: row.value / scaled.scale, jitter: jitter(i), opacity: row.changed ? 0.2 : raw.length > MANY ? 0.45 : 0.75 }))
  const box = boxes(index, scaled.scale)
  const told = vmNames.length > 1 && vmNames.length <= MAX_SERIES

  const tooltip = (datum) => datum.median != null
    ? [['Policy', datum.policy], ['Values', number(datum.n)], ['Median', `${format(datum.median)} ${scaled.unit}`],
        ['25 to 75 %', `${format(datum.q1)} … ${format(datum.q3)}`], ['5 to 95 %', `${format(datum.p5)} … ${format(datum.p95)}`],
        ['Extremes', `${format(datum.minimum)} … ${format(datum.maximum)}`]]
    : [[kernel.name, `${format(datum.value)} ${scaled.unit}`], ['Policy', datum.policy], ['VM', shortName(datum.name)],
        ['Iteration', number(datum.iteration)], ['Boot', datum.boot || null], ['At', datum.t == null ? null : `${number(datum.t)} s`],
        ['Note', datum.changed ? 'not counted: the host moved CPUs' : null]]

  return figure(describe(kernel, box, scaled, format), (width) => ({
    spec: { ...spec(width, rows, box, `${kernel.name}, ${scaled.unit}`, state.hidden, told), width },
    points: rows.length,
    tooltip,
  }), element('h3', {}, kernel.name))
}

export function showValues (target) {
  if (data.kernels.length === 0) {
    target.append(element('p', {}, 'Nothing was measured.'))
    return
  }
  const state = { hidden: [] }
  const charts = data.kernels.map((kernel, index) => chartOf(kernel, index, state))
  const items = vmNames.map((name, i) => ({ name, text: shortName(name), colour: () => colour(i), shape: shape(i) }))
  if (items.length > 1 && items.length <= MAX_SERIES)
    target.append(legend('VMs', items, (hidden) => {
      state.hidden = hidden
      for (const chart of charts) chart.view()?.signal('hidden', hidden).run()
    }))
  target.append(element('p', { class: 'note' },
    'A point is a value. Above the points, of all values: the box holds the middle half, the line 90 %, the bar is the median. ',
    element('span', { class: 'screen' }, ZOOM_HELP)))
  if (data.values_note) target.append(element('p', { class: 'note' }, note(data.values_note)))
  target.append(...charts.map((chart) => chart.node))
}
