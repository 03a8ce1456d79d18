// report.js PAGE PACKAGES TAP: looks at a report, and writes `ok - what it did` lines.
import { readdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openChromium } from './chromium.js'

const [page, packages, tap] = process.argv.slice(2)
const lines = []
const check = (what, holds, seen = '') => {
  lines.push(`${holds ? 'ok' : 'not ok'} - ${what}`)
  if (!holds) console.log(`${what}: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`)
}

// In the page: how many items of a chart's scene are not hidden, of the types that show data.
const COUNT = `(i, types) => {
  let n = 0
  const walk = (mark) => {
    for (const item of mark.items ?? []) {
      if (mark.marktype === 'group') (item.items ?? []).forEach(walk)
      else if (types.includes(mark.marktype) && mark.role === 'mark') n++
    }
  }
  walk(numavmCharts[i].view.scenegraph().root)
  return n
}`
const SYMBOLS = "['symbol']"

const browser = await openChromium(packages)
const { send, evaluate, until, events } = browser
const said = (method) => events.filter((event) => event.method === method).map((event) => event.params)
const symbols = (chart) => evaluate(`(${COUNT})(${chart}, ${SYMBOLS})`)

async function open (media = []) {
  await send('Emulation.setEmulatedMedia', { features: media })
  await send('Page.navigate', { url: `file://${page}` })
  return until('Number(document.documentElement?.dataset.drawn) > 0')
}

/** The middle of what an expression in the page gives as a rectangle, in view. */
async function middle (expression) {
  const box = await evaluate(`(() => { const b = (${expression}); return { x: b.x + b.width / 2, y: b.y + b.height / 2 } })()`)
  return box
}

async function hover ({ x, y }) {
  await send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: x - 3, y })
  await send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y })
  await sleep(200)
}

try {
  await send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: dirname(page) }).catch(() => {})
  await send('Emulation.setDeviceMetricsOverride', { width: 1280, height: 900, deviceScaleFactor: 1, mobile: false })
  check('all charts are drawn', await open())
  await evaluate('document.fonts.ready.then(() => 1)')

  // Marks

  const charts = await evaluate('numavmCharts.length')
  check('there is a chart for each kernel, residence and time', charts === 4, charts)
  // And one whose time is 70 years on, which time does not show.
  check('each of 2 policies, 2 VMs and 12 iterations is a point', await symbols(0) === 49 && await symbols(1) === 48, [await symbols(0), await symbols(1)])
  const bars = await evaluate(`(${COUNT})(2, ['rect'])`)
  check('residence has a bar for each VM and phase', bars === 12, bars)
  const labels = await evaluate(`[...numavmCharts[2].container.querySelectorAll('.role-axis-label text')].map((text) => text.textContent).filter((text) => text.includes('vm'))`)
  check('residence names its VMs', new Set(labels).size === 4, labels)
  const lineCount = await evaluate(`(${COUNT})(3, ['line', 'symbol'])`)
  check('time has points and lines', lineCount > 96, lineCount)
  const span = await evaluate(`numavmCharts[3].view.scale('x').domain()`)
  check('a wild time does not stretch the axis', span[1] - span[0] < 3600, span)

  // Hover

  await evaluate(`numavmCharts[0].container.scrollIntoView({ block: 'center' })`)
  await hover(await middle(`numavmCharts[0].container.querySelector('.mark-symbol path').getBoundingClientRect()`))
  check('a point tells its value', await evaluate(`!tooltip.hidden && /MB\\/s/.test(tooltip.textContent)`), await evaluate('tooltip.textContent'))
  await evaluate(`numavmCharts[3].container.scrollIntoView({ block: 'center' })`)
  await hover(await middle('numavmCharts[3].container.getBoundingClientRect()'))
  check('the line under the pointer goes through all panels and is read out',
    await evaluate(`numavmCharts[3].view.signal('moment') > 0 && /^[\\d.]+ s/.test(document.querySelector('.readout').textContent)`),
    await evaluate(`document.querySelector('.readout').textContent`))

  // Zoom

  await evaluate(`numavmCharts[0].container.scrollIntoView({ block: 'center' })`)
  const before = await evaluate(`numavmCharts[0].view.scale('x').domain()`)
  const { x, y } = await middle('numavmCharts[0].container.getBoundingClientRect()')
  await hover({ x, y })
  await send('Input.dispatchMouseEvent', { type: 'mouseWheel', x, y, deltaX: 0, deltaY: -200, modifiers: 2 })
  await sleep(300)
  const after = await evaluate(`numavmCharts[0].view.scale('x').domain()`)
  check('a chart zooms', after[1] - after[0] < before[1] - before[0], { before, after })

  // Legend

  await evaluate(`document.querySelector('#values .legend button').click()`)
  check('a legend hides a series', [24, 25].includes(await symbols(0)), await symbols(0))
  await evaluate(`document.querySelector('#values .legend button').click()`)
  check('and shows it again', await symbols(0) === 49, await symbols(0))

  // Table

  const column = `[...document.querySelectorAll('#table table:first-of-type tbody.all')].slice(0, 2).map((body) => body.rows[0].cells[1].textContent)`
  const sort = `document.querySelectorAll('#table table')[0].tHead.rows[0].cells[1].firstChild.click()`
  await evaluate(sort)
  const down = await evaluate(column)
  await evaluate(sort)
  const up = await evaluate(column)
  const value = (text) => Number(text.replaceAll(',', ''))
  check('a table sorts both ways', value(down[0]) >= value(down[1]) && down[0] === up[1] && down[1] === up[0], { down, up })
  await evaluate(`document.querySelector('#table button.fold').click()`)
  check('a policy unfolds its VMs', await evaluate(`document.querySelectorAll('#table tbody.vms:not([hidden]) tr').length`) === 2)

  // Downloads

  await evaluate(`document.querySelector('#download button').click()`)
  await sleep(1000)
  check('values are downloaded', readdirSync(dirname(page)).includes('values.csv'), readdirSync(dirname(page)))

  // Names

  check('names are shown as they are', await evaluate(`document.body.textContent.includes('<img src=x onerror="hit=1">')`))
  check('names make no elements and run nothing', await evaluate(`document.querySelectorAll('img').length === 0 && typeof hit === 'undefined'`))

  check('what is no text is left out, and no section with it', await evaluate(`document.querySelectorAll('.failed').length === 0 && !document.querySelector('main').textContent.includes('[object')`))

  // One chart that cannot be drawn

  await evaluate(`numavmCharts[0].make = () => { throw new Error('as the test will') }`)
  await send('Emulation.setDeviceMetricsOverride', { width: 1000, height: 900, deviceScaleFactor: 1, mobile: false })
  check('a chart that cannot be drawn says so', await until(`/as the test will/.test(numavmCharts[0].container.textContent)`, 10000))
  check('the others are drawn', await until(`numavmCharts[1].view?.width() < 1000 && numavmCharts[1].width < 1000`, 10000) && await symbols(1) === 48)

  // Nothing from elsewhere, no evaluated code

  const requests = said('Network.requestWillBeSent').map(({ request }) => request.url).filter((url) => !/^(blob|data):/.test(url))
  check('nothing is fetched', requests.length > 0 && requests.every((url) => url === `file://${page}`), requests)
  const policy = await evaluate(`document.querySelector('meta[http-equiv]').content`)
  check('the policy allows nothing else', /^default-src 'none'/.test(policy) && !/unsafe/.test(policy), policy)
  // What is asked for through the protocol may be evaluated: the page itself must ask.
  const evaluated = await evaluate(`new Promise((resolve) => {
    const before = document.createElement('div')
    before.setAttribute('onclick', 'hit = 1')
    before.click()
    resolve(typeof hit)
  })`)
  check('a handler in an attribute does not run', evaluated === 'undefined', evaluated)

  // Other looks

  check('it is drawn in the dark, too', await open([{ name: 'prefers-color-scheme', value: 'dark' }]) && await evaluate(`document.documentElement.dataset.charts === 'dark'`))
  await send('Emulation.setDeviceMetricsOverride', { width: 360, height: 740, deviceScaleFactor: 2, mobile: true })
  await open()
  const wide = await evaluate('document.documentElement.scrollWidth')
  check('a phone of 360 px shows it without scrolling sideways', wide <= 360, wide)
  check('it prints', (await send('Page.printToPDF', {})).data.length > 10000)

  const complaints = [
    ...said('Runtime.exceptionThrown').map((params) => params.exceptionDetails.exception?.description ?? params.exceptionDetails.text),
    ...said('Runtime.consoleAPICalled').map((params) => params.args.map((arg) => arg.value ?? arg.description).join(' ')),
    ...said('Log.entryAdded').map(({ entry }) => entry.text).filter((text) => !/inline event handler/.test(text)),
  ]
  check('the console stays empty', complaints.length === 0, complaints)
} catch (error) {
  check('the browser answers', false, error.stack)
} finally {
  writeFileSync(tap, lines.map((line) => `${line}\n`).join(''))
  await browser.close()
}
if (lines.some((line) => line.startsWith('not ok'))) process.exitCode = 1
