// A headless Chromium and one page in it, by the DevTools protocol.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve as absolute } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const START_MS = 60000

/** Where Chromium listens it says on stderr. */
function listening (child) {
  return new Promise((resolve, reject) => {
    let said = ''
    const timer = setTimeout(() => reject(new Error(`Chromium does not start: ${said}`)), START_MS)
    child.stderr.on('data', (text) => {
      said += text
      const found = /DevTools listening on (ws:\S+)/.exec(said)
      if (found) {
        clearTimeout(timer)
        resolve(found[1])
      }
    })
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`Chromium ended with ${code}: ${said}`)))
  })
}

class Connection {
  #socket
  #next = 1
  #waiting = new Map()
  events = []

  static async open (WebSocket, address) {
    const made = new Connection()
    made.#socket = new WebSocket(address, { maxPayload: 2 ** 28 })
    await new Promise((resolve, reject) => made.#socket.on('open', resolve).on('error', reject))
    made.#socket.on('message', (text) => made.#take(JSON.parse(text)))
    made.#socket.on('close', () => made.#end())
    return made
  }

  #take (message) {
    const waiting = this.#waiting.get(message.id)
    if (!waiting) {
      this.events.push(message)
      return
    }
    this.#waiting.delete(message.id)
    if (message.error) waiting.reject(new Error(message.error.message))
    else waiting.resolve(message.result)
  }

  /** Chromium is gone: nothing will be answered. */
  #end () {
    for (const { reject } of this.#waiting.values()) reject(new Error('Chromium has closed the connection'))
    this.#waiting.clear()
  }

  send (method, params = {}, sessionId) {
    const id = this.#next++
    return new Promise((resolve, reject) => {
      if (this.#socket.readyState !== this.#socket.constructor.OPEN) throw new Error('Chromium has closed the connection')
      this.#waiting.set(id, { resolve, reject })
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }))
    })
  }

  close () { this.#socket.close() }
}

/** @packages: the folder whose node_modules has `ws`. */
export async function openChromium (packages) {
  const WebSocket = createRequire(absolute(packages, 'package.json'))('ws')
  const profile = mkdtempSync(join(tmpdir(), 'numavm-chromium-'))
  const child = spawn('chromium', ['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`, '--disable-gpu',
    '--no-first-run', '--disable-background-networking', '--disable-component-update', '--hide-scrollbars',
    ...(process.getuid() === 0 ? ['--no-sandbox'] : []), 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let connection
  try {
    connection = await Connection.open(WebSocket, await listening(child))
  } catch (error) {
    child.kill()
    rmSync(profile, { recursive: true, force: true, maxRetries: 20 })
    throw error
  }
  const { targetId } = await connection.send('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await connection.send('Target.attachToTarget', { targetId, flatten: true })
  const send = (method, params) => connection.send(method, params, sessionId)
  for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await send(`${domain}.enable`)

  /** The value of an expression in the page, or of its promise. */
  async function evaluate (expression) {
    const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  async function until (expression, ms = 60000) {
    for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) if (await evaluate(expression)) return true
    return false
  }

  async function close () {
    const ended = new Promise((resolve) => child.on('exit', resolve))
    await connection.send('Browser.close').catch(() => child.kill())
    if (child.exitCode == null && child.signalCode == null) await ended
    connection.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 20 }) // its children end after it
  }

  return { send, evaluate, until, close, events: connection.events }
}
