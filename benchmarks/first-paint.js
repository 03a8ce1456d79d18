// first-paint.js PAGE PACKAGES: when the page is first painted and when all its charts are drawn, in ms since it was opened.
import { openChromium } from '../tests/browser/chromium.js'

const [page, packages] = process.argv.slice(2)
const browser = await openChromium(packages)
try {
  await browser.send('Emulation.setDeviceMetricsOverride', { width: 1280, height: 900, deviceScaleFactor: 1, mobile: false })
  await browser.send('Page.navigate', { url: `file://${page}` })
  if (!await browser.until('Number(document.documentElement?.dataset.drawn) > 0')) throw new Error('its charts are not drawn')
  const drawn = await browser.evaluate('performance.now()')
  const paint = await browser.evaluate(`performance.getEntriesByName('first-contentful-paint')[0].startTime`)
  console.log(`${Math.round(paint)} ${Math.round(drawn)}`)
} finally {
  await browser.close()
}
