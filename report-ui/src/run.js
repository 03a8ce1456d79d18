// What was run: host, policies, fleet, seeds, versions, and how to repeat it.
import { data, policyName, runsWithValues, shortName, vmNames } from './data.js'
import { command, element, facts } from './dom.js'
import { count, number, size, time } from './format.js'

const SHOWN = 4 // runs; the others are folded

const list = (names, most = 12) =>
  names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')

const unique = (values) => [...new Set(values.filter((value) => value != null))]

function hostText ({ host, sampled, measured, boots }) {
  const nodes = host?.nodes ?? (boots.length === 0 ? measured?.setup?.facts?.nodes : null) ?? []
  const name = sampled?.host ?? host?.host
  const parts = [
    name,
    sampled?.kernel && `kernel ${sampled.kernel}`,
    sampled?.cpus_online && count(sampled.cpus_online, 'CPU'),
    nodes.length > 0 && count(nodes.length, 'NUMA node'),
    host?.memory_total_bytes && size(host.memory_total_bytes),
  ]
  return parts.filter(Boolean).join(', ')
}

function settingsText ({ sampled }) {
  return Object.entries(sampled?.settings ?? {}).map(([name, value]) => `${name}=${value}`).join(', ')
}

function fleetText (vms) {
  const names = unique(vms.map((vm) => vm.name))
  const shapes = unique(vms.map((vm) => vm.vcpus && `${count(vm.vcpus, 'vCPU')}, ${size(vm.memory_bytes)}`))
  if (names.length === 0) return null
  return `${count(names.length, 'VM')}${shapes.length > 0 ? ` of ${list(shapes, 3)}` : ''}: ${list(names.map(shortName))}`
}

function planText ({ plan }) {
  return Object.entries(plan?.job ?? {}).map(([name, value]) => `${name}=${value}`).join(' ')
}

function guestText (run, vms) {
  const kernels = unique(vms.map((vm) => vm.guest?.kernel))
  const cpu = run.boots.length > 0 ? run.measured?.setup?.facts?.cpu?.model ?? run.measured?.facts?.cpu?.model : null
  return [kernels.length > 0 && `kernel ${list(kernels, 3)}`, cpu].filter(Boolean).join(', ')
}

function problems (run, vms) {
  const lines = [
    run.status !== 'done' && run.status !== 'running' && `run ${run.status}: ${run.message ?? 'no reason is stored'}`,
    ...run.boots.filter((boot) => boot.message).map((boot) => `boot ${boot.id} (${boot.policy}): ${boot.message}`),
    ...vms.filter((vm) => vm.message).map((vm) => `${shortName(vm.name)}: ${vm.message}`),
  ].filter(Boolean)
  return lines.length > 0 ? element('div', { class: 'bad' }, ...lines.slice(0, 20).map((line) => element('p', {}, line))) : null
}

function runNode (stored) {
  const run = { ...stored, boots: data.boots.filter((boot) => boot.run === stored.id) }
  const vms = data.vms.filter((vm) => vm.run === run.id)
  const spread = run.boots.map((boot) => boot.spread_ns).filter((ns) => ns != null)
  return element('div', {},
    facts([
      ['Run', [run.id, run.uuid?.slice(0, 8), run.started && time(run.started)].filter(Boolean).join(', ')],
      ['State', run.status === 'done' || run.sources > 0 ? null : run.status],
      ['Host', hostText(run)],
      ['Settings', settingsText(run)],
      ['VMs by', run.driver && [run.driver, run.accel && `${run.accel}${run.emulated ? ' (emulated CPUs)' : ''}`, run.uri].filter(Boolean).join(', ')],
      ['Policies', list(unique(run.boots.map((boot) => boot.policy)))],
      ['Fleet', fleetText(vms)],
      ['Guests', guestText(run, vms)],
      ['Measured', planText(run)],
      ['Boots', run.boots.length > 0 && run.driver
        ? `${number(run.boots.length)}${spread.length > 0 ? `; VMs started within ${number(Math.max(...spread) / 1e6)} ms of each other` : ''}` : null],
      ['Seed', run.seed],
      ['Version', run.program],
      ['Imported', run.sources > 0 ? count(run.sources, 'file') : null],
      ['Repeat it', run.command && run.sources === 0 ? command(run.command) : null],
    ]),
    problems(run, vms))
}

export function showRuns (target) {
  const nodes = data.runs.map(runNode)
  target.append(...nodes.slice(0, SHOWN))
  if (nodes.length > SHOWN)
    target.append(element('details', {}, element('summary', {}, `${nodes.length - SHOWN} more runs`), ...nodes.slice(SHOWN)))
  if (runsWithValues().size > 1)
    target.append(element('p', { class: 'note' },
      'The values of these runs are taken together; numavm report --run ID shows one.'))
}

export function showVerdict (target) {
  const policies = data.policies.map((_, i) => policyName(i))
  target.append(element('p', {}, 'No verdict: this run has no plan of comparison.'),
    element('p', { class: 'note' }, policies.length > 1 && vmNames.length > 0
      ? 'The figures below describe what was measured. They do not say that one policy is better: values of one boot are not independent of each other.'
      : 'The figures below describe what was measured.'))
}
