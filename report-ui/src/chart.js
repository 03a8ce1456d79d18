// Charts by Vega-Lite, without evaluated code: expressions are interpreted.
import * as vega from 'vega'
import { compile } from 'vega-lite'
import { expressionInterpreter } from 'vega-interpreter'
import { element, facts, failure, place } from './dom.js'

// Okabe and Ito's colours, which the colour-blind tell apart too.
const LIGHT = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#8a6d00', '#56b4e9', '#e69f00', '#555555']
const DARK = ['#56b4e9', '#e69f00', '#2cc79b', '#e29ac2', '#f0e442', '#7fa8ff', '#ff8a5c', '#c0c0c0']
const SHAPES = ['circle', 'triangle-up', 'square']
const MANY = 2000 // points: from here on a canvas is faster

const dark = matchMedia('(prefers-color-scheme: dark)')
const charts = []

export const colours = () => dark.matches ? DARK : LIGHT
export const colour = (i) => colours()[i % LIGHT.length]
export const shape = (i) => SHAPES[Math.floor(i / LIGHT.length) % SHAPES.length]
export const ink = () => dark.matches ? '#e4e6e8' : '#1c1e21'
export const soft = () => dark.matches ? '#9aa1a9' : '#5b6168'

function config () {
  const line = dark.matches ? '#363b41' : '#d9dce0'
  return {
    background: 'transparent',
    font: 'system-ui, sans-serif',
    axis: {
      labelColor: soft(), titleColor: soft(), gridColor: line, domainColor: line, tickColor: line,
      labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal', labelLimit: 160,
    },
    legend: { labelColor: soft(), labelFontSize: 12, titleColor: soft() },
    view: { stroke: null },
    text: { color: ink() },
  }
}

// --- tooltips ---

function showTooltip (event, pairs) {
  const tooltip = place('tooltip')
  tooltip.replaceChildren(facts(pairs))
  tooltip.hidden = false
  const { width, height } = tooltip.getBoundingClientRect()
  tooltip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 4))}px`
  tooltip.style.top = `${event.clientY + 14 + height > innerHeight ? event.clientY - 10 - height : event.clientY + 14}px`
}

function tooltipOf (describe) {
  return (_, event, item, value) => {
    const pairs = value != null && item?.datum ? describe(item.datum) : null
    if (pairs) showTooltip(event, pairs)
    else place('tooltip').hidden = true
  }
}

// Nothing is ever fetched.
const loader = {
  load: () => Promise.reject(new Error('nothing is loaded')),
  sanitize: () => Promise.reject(new Error('nothing is linked')),
}

async function drawView (chart) {
  chart.width = chart.container.clientWidth
  chart.view?.finalize()
  chart.view = null
  chart.container.replaceChildren()
  const { spec, tooltip, points = 0, text } = chart.make(Math.max(chart.width, 240))
  if (text) {
    chart.container.append(element('p', {}, text))
    return
  }
  chart.view = new vega.View(vega.parse(compile(spec, { config: config() }).spec, null, { ast: true }), {
    expr: expressionInterpreter,
    renderer: points > MANY ? 'canvas' : 'svg',
    container: chart.container,
    hover: true,
    loader,
    tooltip: tooltipOf(tooltip),
    logLevel: vega.Error,
  })
  await chart.view.runAsync()
}

/** A chart that cannot be drawn leaves the others. */
async function draw (chart) {
  try {
    await drawView(chart)
  } catch (error) {
    chart.view?.finalize()
    chart.view = null
    chart.container.replaceChildren(failure('chart', error))
  }
}

/**
 * A figure that draws itself: @make (width) gives its spec, its tooltip (datum) as pairs and how many points it has; or
 * `text`, what there is in place of a chart.
 * It is drawn again when its width or the colour scheme changes.
 */
export function figure (description, make, ...around) {
  const container = element('div', { class: 'chart', role: 'img', 'aria-label': description })
  const chart = { container, make }
  charts.push(chart)
  return {
    node: element('figure', {}, ...around, container, element('figcaption', {}, description)),
    container,
    view: () => chart.view,
    redraw: () => draw(chart),
  }
}

const nextFrame = () => new Promise((resolve) => setTimeout(resolve))

/** One after the other, so that the page can be read meanwhile. */
export async function drawAll () {
  document.documentElement.dataset.charts = dark.matches ? 'dark' : 'light'
  for (const chart of charts) {
    await nextFrame()
    await draw(chart)
  }
  document.documentElement.dataset.drawn = charts.length
}

export function followChanges () {
  let timer
  dark.addEventListener('change', () => {
    document.dispatchEvent(new Event('colours'))
    drawAll()
  })
  addEventListener('resize', () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      for (const chart of charts) if (Math.abs(chart.container.clientWidth - chart.width) > 4) draw(chart)
    }, 150)
  })
}

/** For tests: the scene of each chart. */
globalThis.numavmCharts = charts

/** Zoom that leaves the page's scrolling alone. */
export const zoom = (name, encodings, extra = {}) => ({
  name,
  select: { type: 'interval', encodings, zoom: 'wheel![event.ctrlKey]' },
  bind: 'scales',
  ...extra,
})

export const ZOOM_HELP = 'Ctrl + wheel zooms, dragging moves, a double click resets.'

/**
 * Buttons, one a series, that hide it.
 * @items: { name, text, colour (function), shape }; @onchange: with the array of hidden names.
 */
export function legend (label, items, onchange) {
  const hidden = new Set()
  const marks = []
  const buttons = items.map((item) => {
    const mark = swatch(item)
    marks.push([mark, item])
    const button = element('button', {
      type: 'button',
      'aria-pressed': 'true',
      onclick: () => {
        if (hidden.has(item.name)) hidden.delete(item.name)
        else hidden.add(item.name)
        button.setAttribute('aria-pressed', String(!hidden.has(item.name)))
        onchange([...hidden])
      },
    }, mark, item.text)
    return button
  })
  document.addEventListener('colours', () => marks.forEach(([mark, item]) => mark.firstChild.setAttribute('fill', item.colour())))
  return element('div', { class: 'legend', role: 'group', 'aria-label': label }, element('span', { class: 'note' }, label), ...buttons)
}

const PATHS = { circle: 'M7 2a5 5 0 1 0 .01 0z', 'triangle-up': 'M7 2L12.5 12H1.5z', square: 'M2.5 2.5h9v9h-9z' }

function swatch ({ colour, shape = 'square' }) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  svg.setAttribute('viewBox', '0 0 14 14')
  svg.setAttribute('aria-hidden', 'true')
  path.setAttribute('d', PATHS[shape])
  path.setAttribute('fill', colour())
  svg.append(path)
  return svg
}
