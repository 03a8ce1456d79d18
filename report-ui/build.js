// build.js SOURCE_DIR OUTPUT: one page of index.html: script and style within, and a policy that allows these alone.
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [source, output] = process.argv.slice(2)
const { build, transform } = createRequire(join(process.cwd(), 'package.json'))('esbuild')

const { outputFiles, metafile } = await build({
  absWorkingDir: process.cwd(),
  entryPoints: ['src/main.js'],
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2020',
  charset: 'utf8',
  legalComments: 'none',
  metafile: true,
  write: false,
})
// A script that holds its own end, or what begins a comment in HTML, would be cut off there.
const script = outputFiles[0].text.replace(/<(?=\/script|!--)/gi, '\\x3C').trimEnd()
const style = (await transform(readFileSync(join(source, 'style.css'), 'utf8'), { loader: 'css', minify: true })).code.trimEnd()
const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const policy = [
  "default-src 'none'",
  `script-src ${hash(script)}`,
  `style-src ${hash(style)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

// Licences of what is in the script; texts that several share stand once.
function licences () {
  const packages = new Map()
  for (const input of Object.keys(metafile.inputs)) {
    const name = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)
    if (name) packages.set(name[1], name[0])
  }
  const texts = new Map()
  for (const [name, folder] of [...packages].sort()) {
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    if (!file) throw new Error(`${name}: no licence in its package`)
    const text = readFileSync(join(folder, file), 'utf8').trim()
    texts.set(text, [...(texts.get(text) ?? []), name])
  }
  return [...texts].map(([text, names]) => `${names.join(', ')}:\n\n${text}`).join('\n\n\n')
}

const parts = { SCRIPT: script, STYLE: style, POLICY: policy, LICENCES: licences().replaceAll('-->', '--&gt;') }
const page = readFileSync(join(source, 'index.html'), 'utf8')
writeFileSync(output, page.replace(/@(SCRIPT|STYLE|POLICY|LICENCES)@/g, (_, part) => parts[part]))
