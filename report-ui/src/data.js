// What the page holds; its contract is in src/report/page.h.

export const data = JSON.parse(document.getElementById('data').textContent)

const HOST = { id: 0, name: 'host' }
const vms = new Map(data.vms.map((vm) => [vm.id, vm]))
const boots = new Map(data.boots.map((boot) => [boot.id, boot]))

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

/** Values as rows, of one kernel. */
export function valuesOf (kernel) {
  const { values } = data
  const rows = []
  for (let i = 0; i < values.value.length; i++) {
    if (values.kernel[i] !== kernel) continue
    rows.push({
      name: vmOf(values.vm[i]).name,
      policy: policyName(values.policy[i]),
      run: bootOf(values.boot[i])?.run,
      boot: values.boot[i],
      iteration: values.iteration[i],
      t: values.t_s[i],
      value: values.value[i],
      time: values.time_s[i],
      changed: values.changed[i],
    })
  }
  return rows
}

/** Ids of runs that something was measured in; with bare metal, of which no boot says it, all. */
export const runsWithValues = () =>
  new Set(data.values.boot.includes(0) ? data.runs.map((run) => run.id) : data.values.boot.map((id) => bootOf(id)?.run))
