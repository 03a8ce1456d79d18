// The store's samples of one machine, as series to draw.
import { data, largest, policyName, shortName } from './data.js'
import { size } from './format.js'

const MAX_RATES = 6

export const machinesOf = (run) => data.timelines.filter((line) => line.run === run)

export const machineName = (line) =>
  line.vm === 0 ? line.who : `${shortName(line.who)}, ${data.vms.find((vm) => vm.id === line.vm)?.policy ?? 'no policy'}, boot ${line.boot}`

const zoneName = (counter) => `node ${counter.node}, zone ${counter.zone}`

/** Zones that have free blocks; that of which most pages came and went first, then that with most. */
export function zonesOf (line) {
  const zones = new Map()
  for (const counter of line.counters) {
    if (counter.sampler !== 'buddyinfo' || counter.name !== 'free') continue
    const name = zoneName(counter)
    const zone = zones.get(name) ?? { name, moved: 0, pages: 0 }
    const pages = 2 ** counter.order
    zone.moved += (largest(counter.high ?? counter.low) - Math.min(...counter.low)) * pages
    zone.pages += (counter.low[0] ?? 0) * pages
    zones.set(name, zone)
  }
  return [...zones.values()].sort((a, b) => b.moved - a.moved || b.pages - a.pages).map(({ name }) => name)
}

/** Rows to draw; what never changed has two. */
function rowsOf (line, counter, series, text) {
  const n = line.t_s.length
  const at = counter.low.length === 1 ? [0, n - 1] : line.t_s.map((_, i) => i)
  return at.map((i) => {
    const low = counter.low[counter.low.length === 1 ? 0 : i]
    const high = counter.high ? counter.high[i] : low
    return { series, text, t: line.t_s[i], low, high }
  })
}

export function freeBlocks (line, zone) {
  return line.counters.filter((counter) => counter.name === 'free' && counter.sampler === 'buddyinfo' && zoneName(counter) === zone)
    .map((counter) => {
      const name = `order\n${counter.order}`
      const text = `order ${counter.order}, ${size(line.page_bytes * 2 ** counter.order)}`
      return { name, text, order: counter.order, rows: rowsOf(line, counter, name, text) }
    })
}

/** How much of a zone's free memory no huge page can be made of. */
export function unusable (line) {
  return line.counters.filter((counter) => counter.name === 'unusable_index').map((counter) => {
    const name = `index\n${zoneName(counter)}`
    return { name, text: zoneName(counter), rows: rowsOf(line, counter, name, zoneName(counter)) }
  })
}

const peak = (counter) => largest(counter.high ?? counter.low)

/** What compaction and migration did; what stood still is left out. */
export function rates (line) {
  const found = line.counters.filter((counter) => counter.kind === 'rate' && counter.node == null && peak(counter) > 0
    && /^(compact_|thp_fault_|thp_collapse_|pgmigrate_|numa_pages_migrated|numa_hint_faults$)/.test(counter.name))
  const first = (counter) => counter.name.startsWith('compact_') ? 0 : 1
  found.sort((a, b) => first(a) - first(b) || peak(b) - peak(a))
  return found.slice(0, MAX_RATES).map((counter) => ({
    name: `rate\n${counter.name}`, text: counter.name, rows: rowsOf(line, counter, `rate\n${counter.name}`, counter.name),
  }))
}

/** A workload has all of its metrics at the same times: they are one phase. */
export function phasesOf (run) {
  const phases = new Map()
  for (const { run: of, boot, policy, kernel, start_s: from, end_s: to } of data.phases) {
    if (of !== run) continue
    const key = `${boot} ${policy} ${from} ${to}`
    const { name } = data.kernels[kernel]
    const phase = phases.get(key)
    if (phase) phase.kernel += `, ${name}`
    else phases.set(key, { from, to, boot, policy: policyName(policy), kernel: name })
  }
  return [...phases.values()]
}

/** When each boot measured. */
export function bootsOf (phases) {
  const boots = new Map()
  for (const phase of phases) {
    const boot = boots.get(phase.boot) ?? { from: Infinity, to: -Infinity, policy: phase.policy }
    boot.from = Math.min(boot.from, phase.from)
    boot.to = Math.max(boot.to, phase.to)
    boots.set(phase.boot, boot)
  }
  return [...boots.values()]
}
