// Where guests' memory was declared to be, and where it was, before and after the measurement.
import { colour, figure } from './chart.js'
import { data, bootOf, largest, shortName, vmOf } from './data.js'
import { element } from './dom.js'
import { count, number, size } from './format.js'

const MAX_SHOWN = 40 // VMs
const PHASES = ['declared', 'before', 'after']
const BAR = 15 // px

/** VMs of which something is known, those first whose memory is not where it should be. */
function order (rows) {
  const ids = [...new Set(rows.map((row) => row.vm))]
  const wrong = new Set(rows.filter((row) => row.holds === 'no').map((row) => row.vm))
  return { ids: [...ids.filter((id) => wrong.has(id)), ...ids.filter((id) => !wrong.has(id))], wrong }
}

function labels (ids) {
  const several = new Set(ids.map((id) => `${vmOf(id).name}\n${vmOf(id).policy}`)).size < ids.length
  return new Map(ids.map((id) => {
    const vm = vmOf(id)
    return [id, `${vm.policy ?? 'no policy'}, ${shortName(vm.name)}${several ? `, boot ${vm.boot}` : ''}`]
  }))
}

function describe ({ vms, measured, held, wrong, shown }) {
  const parts = [`Guest memory a node, as declared and as found before and after measuring, of ${count(vms, 'VM boot')}.`]
  if (held > 0) parts.push(`${number(held)} of ${number(measured)} hold what was declared.`)
  if (wrong > 0) parts.push(`${count(wrong, 'VM boot')} of them ${wrong === 1 ? 'does' : 'do'} not.`)
  if (vms > MAX_SHOWN) parts.push(`The first ${MAX_SHOWN} are drawn.`)
  if (vms > shown) parts.push(`This page holds ${number(shown)} of them.`)
  return parts.join(' ')
}

export function showResidence (target) {
  const rows = data.residence
  if (!rows.some((row) => row.phase !== 'declared')) {
    target.append(element('p', {}, 'Nobody looked where the pages were.'))
    return
  }
  const { ids, wrong } = order(rows)
  const shown = ids.slice(0, MAX_SHOWN)
  const names = labels(shown)
  const nodes = [...new Set(rows.map((row) => row.node))].sort((a, b) => a - b)
  const [scale, unit] = largest(rows.map((row) => row.bytes)) >= 2 ** 30 ? [2 ** 30, 'GiB'] : [2 ** 20, 'MiB']
  const table = rows.filter((row) => names.has(row.vm)).map((row) => ({
    ...row, label: names.get(row.vm), amount: row.bytes / scale, where: `node ${row.node}`, opacity: row.phase === 'declared' ? 0.45 : 1,
  }))

  for (const id of [...wrong].slice(0, MAX_SHOWN)) {
    target.append(element('p', { class: 'bad' }, `${vmOf(id).policy ?? 'no policy'}, ${shortName(vmOf(id).name)}, boot ${bootOf(vmOf(id).boot)?.id}: the memory was not where it was declared to be`))
  }
  target.append(figure(describe(data.residence_counts), (width) => ({
    spec: {
      width,
      autosize: { type: 'fit-x', contains: 'padding' },
      height: shown.length * BAR * 4,
      params: [{ name: 'labels', value: Object.fromEntries(names) }],
      data: { values: table },
      mark: { type: 'bar', tooltip: { content: 'data' } },
      encoding: {
        y: {
          field: 'vm', type: 'nominal', title: null, sort: shown,
          scale: { paddingInner: 0.25 }, axis: { labelExpr: 'labels[datum.value]', labelLimit: width / 2.6, ticks: false, labelPadding: 6, domain: false },
        },
        yOffset: { field: 'phase', type: 'nominal', sort: PHASES, scale: { domain: PHASES, paddingInner: 0.1 } },
        x: { field: 'amount', type: 'quantitative', title: `${unit} of guest memory`, stack: 'zero', axis: { tickCount: Math.floor(width / 80) } },
        order: { field: 'node', type: 'quantitative' },
        opacity: { field: 'opacity', type: 'quantitative', scale: null, legend: null },
        color: {
          field: 'where', type: 'nominal', title: null,
          scale: { domain: nodes.map((node) => `node ${node}`), range: nodes.map((_, i) => colour(i)) },
          legend: { orient: 'top', columns: Math.max(1, Math.floor(width / 90)) },
        },
      },
    },
    tooltip: (datum) => datum.phase && [['VM', datum.label], ['When', datum.phase === 'declared' ? 'declared' : `${datum.phase} measuring`],
      ['Node', datum.node], ['Memory', size(datum.bytes)], ['Holds', datum.holds]],
  })).node, element('p', { class: 'note' }, 'From top to bottom of each VM: declared (pale), before and after measuring.'))
}
