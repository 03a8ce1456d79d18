// Numbers and units for people. Bandwidth is decimal, as STREAM has it; sizes are IEC.

const EMPTY = '–'

/** How a kernel's values are shown: divided by `scale`, in `unit`. What a workload calls its unit is shown as it is. */
export function scaleOf (unit, largest) {
  if (unit === 'bytes/s') return largest >= 1e10 ? { scale: 1e9, unit: 'GB/s' } : { scale: 1e6, unit: 'MB/s' }
  if (unit === 'operations/s' && largest >= 1e6) return { scale: 1e6, unit: 'million operations/s' }
  if (unit === 'ns' && largest >= 1e5) return { scale: 1e3, unit: 'µs' }
  return { scale: 1, unit }
}

const MAX_DIGITS = 12

/** So many digits behind the point that numbers up to @largest have four, or all before it. */
export function numbers (largest) {
  const size = Math.abs(largest)
  const digits = size > 0 ? Math.min(MAX_DIGITS, Math.max(0, 3 - Math.floor(Math.log10(size)))) : 0
  const format = new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return (value) => value == null ? EMPTY : format.format(value)
}

const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 5 })

export const number = (value) => value == null ? EMPTY : short.format(value)

export function size (bytes) {
  if (bytes == null) return EMPTY
  for (const [unit, of] of [['TiB', 2 ** 40], ['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]])
    if (bytes >= of) return `${number(bytes / of)} ${unit}`
  return `${bytes} B`
}

export const count = (n, what) => `${number(n)} ${what}${n === 1 ? '' : 's'}`

/** How long something took, or may take. */
export const duration = (ns) => ns == null ? EMPTY : ns >= 1e9 ? `${number(ns / 1e9)} s` : `${number(ns / 1e6)} ms`

/** "2026-11-24T19:00:00Z" as a person would write it. */
export const time = (iso) => iso ? `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC` : null

/** A note of numavm's own, with its large numbers made readable. */
export const note = (text) => text.replace(/\d{5,}/g, (digits) => Number(digits).toLocaleString('en'))

/** Words as a shell takes them. */
export const quoted = (words) => words.map((word) =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`).join(' ')
