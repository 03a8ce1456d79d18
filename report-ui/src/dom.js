// Elements and texts. Names come from guests and files: they are only ever text.

/** element('td', { class: 'x', onclick: f }, 'text', child...) */
export function element (tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made[name] = value
    else if (value === true) made.setAttribute(name, '')
    else if (value !== false && value != null) made.setAttribute(name, value)
  }
  made.append(...children.filter((child) => child != null))
  return made
}

/** A list of [label, text or element]; what is not known is left out. */
export function facts (pairs) {
  return element('dl', {}, ...pairs.filter(([, value]) => value != null && value !== '')
    .flatMap(([label, value]) => [element('dt', {}, label), element('dd', {}, value)]))
}

/** A command line, with a button that copies it. */
export function command (text) {
  const button = element('button', {
    type: 'button',
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(text)
        button.textContent = 'Copied'
      } catch { // a page from a file may not
        getSelection().selectAllChildren(code)
        button.textContent = 'Selected'
      }
    },
  }, 'Copy')
  const code = element('code', {}, text)
  return element('div', { class: 'command' }, code, button)
}

/** A choice; @items: [value, text]. Nothing where there is nothing to choose. */
export function choice (label, items, value, onchange) {
  if (items.length < 2) return null
  const select = element('select', { onchange: () => onchange(select.value) },
    ...items.map(([key, text]) => element('option', { value: key, selected: String(key) === String(value) }, text)))
  return element('label', {}, label, select)
}

/** What could not be shown is said in its place; all else stays. */
export const failure = (what, error) =>
  element('p', { class: 'bad failed' }, `This ${what} cannot be shown: ${error instanceof Error ? error.message : 'the data are not what they should be'}`)

export const place = (id) => document.getElementById(id)
