// workload.js PAGE PACKAGES TAP: looks at a report of a workload, and writes `ok - what it did` lines.
import { writeFileSync } from 'node:fs'
import { openChromium } from './chromium.js'

const [page, packages, tap] = process.argv.slice(2)
const lines = []
const check = (what, holds, seen = '') => {
  lines.push(`${holds ? 'ok' : 'not ok'} - ${what}`)
  if (!holds) console.log(`${what}: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`)
}
const BAD = '<img src=x onerror=hit=1></pre></script><script>hit=1</script>'

const { send, evaluate, until, events, close } = await openChromium(packages)
const all = (selector, what = 'textContent') => evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => one.${what})`)
const first = async (selector) => (await all(selector))[0] ?? ''

try {
  await send('Emulation.setDeviceMetricsOverride', { width: 1280, height: 900, deviceScaleFactor: 1, mobile: false })
  await send('Page.navigate', { url: `file://${page}` })
  check('all charts are drawn', await until('Number(document.documentElement?.dataset.drawn) > 0'))

  const command = `sh -c '${BAD}; it'\\''s'`
  check('the command is quoted as a shell wants it', await first('#workloads h3') === command, await all('#workloads h3'))
  check('what was measured says it, too', (await first('#run')).includes(command), await all('#run'))
  const rows = await all('#workloads tbody tr')
  check('each metric has its unit, direction and pattern', rows.length === 2 && rows[1] === 'p99mslowerp99 (.*)', rows)
  check('how its runs ended is counted', (await first('#workloads dl')).includes('4 × exit status 0; 4 × exit status 3'), await all('#workloads dl'))
  const open = await all('#workloads details', 'open')
  check('outputs are there, and folded', open.length === 8 && open.every((one) => !one), open)
  await evaluate(`document.querySelector('#workloads summary').click()`)
  check('one unfolds, as it was printed', await first('#workloads pre') === `${BAD}\nsecond\tline\n` && (await all('#workloads pre', 'offsetHeight'))[0] > 30, await all('#workloads pre'))
  check('and says how much is not shown', /^The last 75 B of 68.359 KiB/.test(await first('#workloads details .note')), await all('#workloads details .note'))
  check('what is not there is no nothing', (await all('#workloads pre')).at(-1) === '68.359 KiB were printed, and are left out', await all('#workloads pre'))
  check('which failed is marked', (await all('#workloads summary.bad')).length === 4)

  const captions = await all('#table caption')
  check('tables have the workload\'s unit and direction', captions[0]?.endsWith(' in <b>/s; higher is better') && captions[1] === 'p99 in ms; lower is better', captions)
  const cells = await all('#table tbody.all td')
  check('small values have digits enough', cells.includes('0.001216'), cells)
  const titles = await all('#values .role-axis-title text')
  check('axes have the unit', titles.includes('p99, ms'), titles)
  check('policies are told from the folders', cells.includes('interleave, 2 VMs') && cells.includes('local, 2 VMs'), cells)

  check('names make no elements and run nothing', await evaluate(`document.querySelectorAll('img, b').length === 0 && typeof hit === 'undefined'`))
  check('no section fails', (await all('.failed')).length === 0, await all('.failed'))
  await send('Emulation.setDeviceMetricsOverride', { width: 360, height: 740, deviceScaleFactor: 2, mobile: true })
  const wide = await evaluate('document.documentElement.scrollWidth')
  check('a phone of 360 px shows it without scrolling sideways', wide <= 360, wide)
  const complaints = events.filter(({ method }) => method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded')
  check('the console stays empty', complaints.length === 0, complaints)
} catch (error) {
  check('the browser answers', false, error.stack)
} finally {
  writeFileSync(tap, lines.map((line) => `${line}\n`).join(''))
  await close()
}
if (lines.some((line) => line.startsWith('not ok'))) process.exitCode = 1
