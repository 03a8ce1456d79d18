// What was run: host, policies, fleet, seeds, versions, and how to repeat it.
import { data, largest, policyName, runsWithValues, shortName, vmNames } from './data.js'
import { command, element, facts } from './dom.js'
import { count, number, quoted, size, time } from './format.js'

const SHOWN = 4 // runs; the others are folded
const MAX_SAID = 20 // problems of a run

const list = (names, most = 12) =>
  names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')

const unique = (values) => [...new Set(values.filter((value) => value != null))]

/** Of what guests and files say only texts and numbers are taken: anything can be there. */
const known = (value) => typeof value === 'string' || typeof value === 'number' ? value : null
const amount = (value) => typeof value === 'number' ? value : 0

const pairs = (object) => Object.entries(object instanceof Object ? object : {})
  .filter(([, value]) => known(value) != null).map(([name, value]) => `${name}=${value}`)

/** What the machine is that measured. */
const machineOf = (run) => run.measured?.facts

function hostText (run) {
  const { host, sampled, boots } = run
  const machine = boots.length === 0 ? machineOf(run) : null // bare metal
  const kernel = known(sampled?.kernel) ?? known(machine?.kernel)
  const nodes = amount((host?.nodes ?? machine?.nodes)?.length)
  const parts = [
    known(sampled?.host) ?? known(host?.host),
    kernel && `kernel ${kernel}`,
    known(machine?.cpu?.model),
    amount(sampled?.cpus_online) > 0 ? count(sampled.cpus_online, 'CPU') : known(machine?.cpus_online) && `CPUs ${machine.cpus_online}`,
    nodes > 0 && count(nodes, 'NUMA node'),
    amount(host?.memory_total_bytes) > 0 && size(host.memory_total_bytes),
  ]
  return parts.filter(Boolean).join(', ')
}

const settingsText = ({ sampled }) => pairs(sampled?.settings).join(', ')

function fleetText (vms) {
  const names = unique(vms.map((vm) => vm.name))
  const shapes = unique(vms.map((vm) => vm.vcpus && `${count(vm.vcpus, 'vCPU')}, ${size(vm.memory_bytes)}`))
  if (names.length === 0) return null
  return `${count(names.length, 'VM')}${shapes.length > 0 ? ` of ${list(shapes, 3)}` : ''}: ${list(names.map(shortName))}`
}

function planText ({ plan, measured }) {
  const words = Array.isArray(measured?.command) ? measured.command.filter((word) => typeof word === 'string') : []
  if (words.length > 0)
    return amount(measured.runs) > 0 ? `${quoted(words)}; ${count(measured.runs, 'run')} in each boot` : quoted(words)
  if (plan?.job) return pairs(plan.job).join(' ')
  const { size_bytes: bytes, page_kind: kind, pages } = measured?.setup ?? {}
  const threads = amount(measured?.threads?.length)
  return [
    amount(bytes) > 0 && size(bytes),
    threads > 0 && count(threads, 'thread'),
    [known(kind) && `pages of ${kind}`, known(pages)].filter(Boolean).join(', '),
  ].filter(Boolean).join(', ')
}

function guestText (run, vms) {
  const kernels = unique(vms.map((vm) => known(vm.guest?.kernel)))
  const cpu = run.boots.length > 0 ? known(machineOf(run)?.cpu?.model) : null
  return [kernels.length > 0 && `kernel ${list(kernels, 3)}`, cpu].filter(Boolean).join(', ')
}

function problems (run, vms) {
  const lines = [
    run.status !== 'done' && run.status !== 'running' && `run ${run.status}: ${run.message ?? 'no reason is stored'}`,
    ...run.boots.filter((boot) => boot.message).map((boot) => `boot ${boot.id} (${boot.policy}): ${boot.message}`),
    ...vms.filter((vm) => vm.message).map((vm) => `${shortName(vm.name)}: ${vm.message}`),
  ].filter(Boolean)
  const said = lines.slice(0, MAX_SAID)
  if (lines.length > MAX_SAID) said.push(`and ${number(lines.length - MAX_SAID)} more`)
  return lines.length > 0 ? element('div', { class: 'bad' }, ...said.map((line) => element('p', {}, line))) : null
}

function runNode (stored) {
  const run = { ...stored, boots: data.boots.filter((boot) => boot.run === stored.id) }
  const vms = data.vms.filter((vm) => vm.run === run.id)
  const spread = run.boots.map((boot) => boot.spread_ns).filter((ns) => ns != null)
  return element('div', {},
    facts([
      ['Run', [run.id, run.uuid?.slice(0, 8), run.started && time(run.started)].filter(Boolean).join(', ')],
      ['State', run.status === 'done' || run.sources > 0 ? null
        : run.status === 'running' ? 'not finished (running, or numavm was killed)' : run.status],
      ['Host', hostText(run)],
      ['Settings', settingsText(run)],
      ['VMs by', run.driver && [run.driver, run.accel && `${run.accel}${run.emulated ? ' (emulated CPUs)' : ''}`, run.uri].filter(Boolean).join(', ')],
      ['Policies', list(unique(run.boots.map((boot) => boot.policy)))],
      ['Fleet', fleetText(vms)],
      ['Guests', guestText(run, vms)],
      ['Measured', planText(run)],
      ['Boots', run.boots.length > 0 && run.driver
        ? `${number(run.boots.length)}${spread.length > 0 ? `; VMs started within ${number(largest(spread) / 1e6)} ms of each other` : ''}` : null],
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
