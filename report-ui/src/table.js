// A table a kernel: a row for each policy, folded out a row for each of its VMs.
import { data, largest, policyName, shortName } from './data.js'
import { element } from './dom.js'
import { count, numbers, scaleOf } from './format.js'

const COLUMNS = [
  ['median', 'Median'],
  ['mean', 'Mean'],
  ['low', '95 % of boots\' means'],
  ['deviation', 'Std. dev.'],
  ['minimum', 'Min'],
  ['p5', '5 %'],
  ['p95', '95 %'],
  ['maximum', 'Max'],
  ['n', 'Values'],
  ['boots', 'Boots'],
]
const collator = new Intl.Collator('en', { numeric: true })

function cell (row, key, format) {
  if (key === 'n' || key === 'boots') return row[key].toLocaleString('en')
  if (key === 'low') return row.low == null ? '–' : `${format(row.low)} … ${format(row.high)}`
  return format(row[key])
}

function rowNode (first, row, format) {
  return element('tr', {}, element('td', {}, first), ...COLUMNS.map(([key]) => element('td', {}, cell(row, key, format))))
}

/** A policy's row, and those of its VMs, as one or two bodies. */
function group (rows, format, index) {
  const [all, ...vms] = rows
  const name = policyName(all.policy)
  const id = `vms-${index}-${all.policy}`
  if (vms.length < 2)
    return { all, name, bodies: [element('tbody', { class: 'all' }, rowNode(vms.length === 1 ? `${name}, ${shortName(vms[0].vm)}` : name, all, format))] }
  const body = element('tbody', { class: 'vms', id, hidden: true })
  const fold = element('button', {
    type: 'button',
    class: 'fold',
    'aria-expanded': 'false',
    'aria-controls': id,
    onclick: () => {
      if (body.childElementCount === 0) body.append(...vms.map((row) => rowNode(shortName(row.vm), row, format)))
      body.hidden = !body.hidden
      fold.setAttribute('aria-expanded', String(!body.hidden))
    },
  }, `${name}, ${count(vms.length, 'VM')}`)
  return { all, name, vms, bodies: [element('tbody', { class: 'all' }, rowNode(fold, all, format)), body] }
}

function heading (text, key, sort) {
  const th = element('th', { scope: 'col' }, element('button', { type: 'button', onclick: () => sort(key, th) }, text))
  return th
}

function tableOf (kernel, index) {
  const rows = data.table.filter((row) => row.kernel === index)
  const most = largest(rows.map((row) => row.median))
  const scaled = scaleOf(kernel.unit, most)
  const format = numbers(most / scaled.scale)
  const show = (value) => format(value == null ? null : value / scaled.scale)
  const starts = rows.flatMap((row, i) => row.vm == null ? [i] : [])
  const groups = starts.map((start, i) => group(rows.slice(start, starts[i + 1]), show, index))
  const table = element('table', {})
  let sorted = null
  let descending = false

  function sort (key, th) {
    descending = sorted === key ? !descending : key !== 'policy' && kernel.better === 'higher'
    sorted = key
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort')
    th.setAttribute('aria-sort', descending ? 'descending' : 'ascending')
    const ordered = [...groups].sort((a, b) => (descending ? -1 : 1) * (key === 'policy'
      ? collator.compare(a.name, b.name)
      : (a.all[key] ?? -Infinity) - (b.all[key] ?? -Infinity)))
    table.append(...ordered.flatMap((one) => one.bodies))
  }

  table.append(
    element('caption', {}, kernel.name, element('small', {}, ` in ${scaled.unit}; ${kernel.better} is better`)),
    element('thead', {}, element('tr', {}, heading('Policy', 'policy', sort),
      ...COLUMNS.map(([key, text]) => heading(text, key, sort)))),
    ...groups.flatMap((one) => one.bodies))
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${kernel.name}: table` }, table)
}

export function showTable (target) {
  if (data.kernels.length === 0) {
    target.append(element('p', {}, 'Nothing was measured.'))
    return
  }
  const moved = data.values.changed.filter(Boolean).length
  target.append(...data.kernels.map(tableOf), element('p', { class: 'note' },
    'A boot, or on bare metal a run, is the replicate: the interval is of their means, and needs two that have values. All else is of all values.',
    moved > 0 ? ' Values during which the host moved CPUs are not counted.' : ''))
}
