// Programs of the user's: what was asked, how they ended, and what they printed.
import { data, policyName, shortName, vmOf } from './data.js'
import { element, facts } from './dom.js'
import { count, duration, note, number, quoted, size } from './format.js'

const SHOWN = 3 // workloads; the others are folded

const text = (value) => typeof value === 'string' || typeof value === 'number' ? String(value) : '?'

function endOf ({ exit_status: status, signal, timed_out: late }) {
  const end = signal != null ? `killed by signal ${text(signal)}` : `exit status ${text(status)}`
  return late ? `did not end in time, ${end}` : end
}

const failed = (one) => one.timed_out || one.exit_status !== 0

function endsNode (ends) {
  if (ends.length === 0) return 'no run ended'
  return element('span', {}, ...ends.flatMap((end, i) => [
    i > 0 ? '; ' : null,
    element('span', failed(end) ? { class: 'bad' } : {}, `${number(end.n)} × ${endOf(end)}`),
  ]))
}

function metricsNode (metrics, format) {
  const rows = metrics.map((metric) => element('tr', {},
    element('td', {}, text(metric.name)), element('td', {}, text(metric.unit)), element('td', {}, text(metric.better)),
    element('td', {}, element('code', {}, text(metric.pattern)))))
  const headings = ['Metric', 'Unit', 'Better', format === 'json' ? 'Pointer' : 'Pattern']
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'metrics' },
    element('table', { class: 'texts' },
      element('thead', {}, element('tr', {}, ...headings.map((heading) => element('th', { scope: 'col' }, heading)))),
      element('tbody', {}, ...rows)))
}

function whereOf (output) {
  if (output.vm == null) return 'host'
  const vm = vmOf(output.vm)
  return `${shortName(vm.name)}, ${typeof vm.policy === 'string' ? vm.policy : policyName(-1)}, boot ${text(vm.boot)}`
}

function outputNode (output) {
  const head = `${whereOf(output)}, run ${text(output.run_index)}: ${endOf(output)} after ${duration(output.time_ns)}`
  const shown = new TextEncoder().encode(output.text).length
  return element('details', { class: 'output' },
    element('summary', failed(output) ? { class: 'bad' } : {}, head),
    shown > 0 && output.bytes > shown ? element('p', { class: 'note' }, `The last ${size(shown)} of ${size(output.bytes)}:`) : null,
    element('pre', { tabindex: 0 }, output.text || (output.bytes > 0 ? `${size(output.bytes)} were printed, and are left out` : 'nothing was printed')))
}

function workloadNode (workload) {
  return element('div', { class: 'workload' },
    element('h3', {}, element('code', {}, quoted(workload.command))),
    facts([
      ['Run', data.runs.length > 1 ? text(workload.run) : null],
      ['Where', count(workload.vms, 'VM boot')],
      ['Asked', `${count(workload.runs, 'run')} in each boot, each at most ${duration(workload.timeout_ns)}`],
      ['Ended', endsNode(workload.ends)],
    ]),
    metricsNode(workload.metrics, workload.format),
    ...workload.outputs.map(outputNode))
}

export function showWorkloads (target) {
  if (data.workloads.length === 0) {
    target.parentElement.hidden = true
    return
  }
  const nodes = data.workloads.map(workloadNode)
  target.append(...nodes.slice(0, SHOWN))
  if (nodes.length > SHOWN)
    target.append(element('details', {}, element('summary', {}, `${nodes.length - SHOWN} more workloads`), ...nodes.slice(SHOWN)))
  if (data.workloads_note) target.append(element('p', { class: 'note' }, note(data.workloads_note)))
}
