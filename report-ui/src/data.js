// What the page holds; its contract is in src/report/page.h.

export const data = JSON.parse(document.getElementById('data').textContent)

// Whose store this is from need not be numavm.
for (const vm of data.vms) vm.name = String(vm.name ?? '?')

const HOST = { id: 0, name: 'host' }
const vms = new Map(data.vms.map((vm) => [vm.id, vm]))
const boots = new Map(data.boots.map((boot) => [boot.id, boot]))

/** Largest of any number of values; 0 of none. */
export const largest = (values) => values.reduce((most, value) => Math.max(most, value ?? 0), 0)

export const vmOf = (id) => vms.get(id) ?? HOST
export const bootOf = (id) => boots.get(id)
export const policyName = (index) => data.policies[index] ?? 'no policy'

/** Prefix that all VMs' names share up to a `-` or `_`: it tells nothing. */
const names = [...new Set(data.vms.map((vm) => vm.name))]
const shared = names.length > 1 ? names.reduce((prefix, name) => {
  while (!name.startsWith(prefix)) prefix = prefix.slice(0, -1)
  return prefix
}).replace(/[^-_]*$/, '') : ''

/** A name as it is shown in charts: short. */
export function shortName (name) {
  const rest = name.startsWith(shared) && name.length > shared.length ? name.slice(shared.length) : name
  return rest.length > 28 ? `${rest.slice(0, 27)}…` : rest
}

/** All names of VMs that have values, in the fleet's order. */
export const vmNames = [...new Set(data.table.filter((row) => row.vm != null).map((row) => row.vm))]

const places = data.kernels.map(() => [])
data.values.kernel.forEach((kernel, i) => places[kernel].push(i))

/** Values as rows, of one kernel. */
export function valuesOf (kernel) {
  const { values } = data
  return places[kernel].map((i) => ({
    name: vmOf(values.vm[i]).name,
    policy: policyName(values.policy[i]),
    run: values.run[i],
    boot: values.boot[i],
    iteration: values.iteration[i],
    t: values.t_s[i],
    value: values.value[i],
    time: values.time_s[i],
    changed: values.changed[i],
  }))
}

/** Ids of runs that something was measured in. */
export const runsWithValues = () => new Set(data.values.run)
