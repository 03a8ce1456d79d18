// The page's own values as CSV, made here; and the command that gives all of them.
import { data, policyName, vmOf } from './data.js'
import { command, element } from './dom.js'
import { note } from './format.js'

/** RFC 4180. What a spreadsheet would take for a formula gets a quote before it: names are hostile. */
function field (value) {
  if (value == null) return ''
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const csv = (columns, rows) => [columns, ...rows].map((row) => row.map(field).join(',')).join('\r\n') + '\r\n'

function valuesCsv () {
  const { values } = data
  return csv(['kernel', 'unit', 'policy', 'run', 'vm', 'boot', 'iteration', 't_s', 'value', 'time_s', 'changed'],
    values.value.map((value, i) => [data.kernels[values.kernel[i]].name, data.kernels[values.kernel[i]].unit,
      policyName(values.policy[i]), values.run[i], vmOf(values.vm[i]).name, values.boot[i], values.iteration[i],
      values.t_s[i], value, values.time_s[i], values.changed[i]]))
}

function tableCsv () {
  const columns = ['boots', 'n', 'mean', 'deviation', 'low', 'high', 'minimum', 'p5', 'q1', 'median', 'q3', 'p95', 'maximum']
  return csv(['kernel', 'unit', 'policy', 'vm', ...columns],
    data.table.map((row) => [data.kernels[row.kernel].name, data.kernels[row.kernel].unit, policyName(row.policy), row.vm,
      ...columns.map((column) => row[column])]))
}

function residenceCsv () {
  return csv(['policy', 'vm', 'boot', 'phase', 'node', 'bytes', 'holds'],
    data.residence.map((row) => [vmOf(row.vm).policy, vmOf(row.vm).name, vmOf(row.vm).boot, row.phase, row.node, row.bytes, row.holds]))
}

function samplesCsv () {
  return csv(['who', 'boot', 'sampler', 'counter', 'node', 'zone', 'order', 'kind', 't_s', 'low', 'high'],
    data.timelines.flatMap((line) => line.counters.flatMap((counter) => line.t_s.map((t, i) => {
      const at = counter.low.length === 1 ? 0 : i
      return [line.who, line.boot, counter.sampler, counter.name, counter.node, counter.zone, counter.order, counter.kind, t,
        counter.low[at], (counter.high ?? counter.low)[at]]
    }))))
}

function save (name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  element('a', { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 10000)
}

export function showDownloads (target) {
  const files = [
    ['values.csv', valuesCsv, data.values.value.length > 0],
    ['table.csv', tableCsv, data.table.length > 0],
    ['residence.csv', residenceCsv, data.residence.length > 0],
    ['samples.csv', samplesCsv, data.timelines.length > 0],
  ]
  target.append(element('p', { class: 'controls' }, ...files.filter(([, , there]) => there).map(([name, make]) =>
    element('button', { type: 'button', onclick: () => save(name, make()) }, name))))
  if (data.values_note) target.append(element('p', { class: 'note' }, note(data.values_note)))
  if (data.export) target.append(element('p', {}, 'All values, from the store:'), command(data.export))
  if (data.command) target.append(element('p', {}, 'This page again:'), command(data.command))
}
