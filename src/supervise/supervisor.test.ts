import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Ending } from './attempt.ts'
import { type Deaths, type SuperviseOptions, supervise } from './supervisor.ts'
import { describeEnding, describeGivingUp } from './words.ts'

const backoff = { firstMs: 1, mostMs: 4 }

/** Supervises a program of so many lives; `life` is the body of each, in which `n` counts from 1. */
async function lives(life: string, options: Partial<SuperviseOptions> = {}) {
  const count = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'lives')
  writeFileSync(count, '')
  const program = `
    const fs = require('node:fs')
    fs.appendFileSync(${JSON.stringify(count)}, '.')
    const n = fs.readFileSync(${JSON.stringify(count)}).length
    const beat = (b = {}) => process.send?.({ millrace: 'beat', ...b })
    const die = () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20)
    const stay = () => setInterval(() => {}, 1000)
    ${life}`
  const told: (Ending & Deaths)[] = []
  const outcome = await supervise({
    command: [process.execPath, '-e', program],
    backoff,
    ...options,
    observer: { died: (ending, deaths) => told.push({ ...ending, ...deaths }), ...options.observer },
  })
  return { ...outcome, told, lives: readFileSync(count).length }
}

test('a program is started again, however it dies, until it exits with 0', async () => {
  const life = `if (n === 1) process.exit(3); else if (n === 2) die(); else if (n === 3) throw new Error('x'); else if (n === 4) process.exit(75)`
  const { told, lives: count, ...outcome } = await lives(life)
  expect(outcome).toMatchObject({ code: 0, gaveUp: false, stopped: false, deaths: 4 })
  expect(count).toBe(5)
  expect(told.map(({ code, signal }) => signal ?? code)).toEqual([3, 'SIGKILL', 1, 75])
  expect(told.map(({ waitMs }) => waitMs)).toEqual([1, 2, 4, 4])
})

test('what is started may change from attempt to attempt', async () => {
  let attempts = 0
  const command = () => [process.execPath, '-e', `process.exit(${++attempts === 3 ? 0 : 3})`]
  const outcome = await supervise({ command, backoff })
  expect(outcome).toMatchObject({ code: 0, gaveUp: false, deaths: 2 })
  expect(attempts).toBe(3)
})

test('an exit code that is final is its last word', async () => {
  const outcome = await lives('process.exit(n === 1 ? 75 : 2)', { isFinal: (code) => code === 2 })
  expect(outcome).toMatchObject({ code: 2, gaveUp: false, deaths: 1, lives: 2 })
})

test('it is given up after so many deaths running without progress, and what is known is told', async () => {
  const life = `beat({ at: 'block 7', saved: 100, done: 1 }); setTimeout(() => beat({ saved: 109 }), 10); die()`
  const outcome = await lives(life, { restarts: 3 })
  expect(outcome).toMatchObject({ gaveUp: true, deaths: 4, lives: 4 })
  expect(outcome.told.map(({ waitMs }) => waitMs !== undefined)).toEqual([true, true, true, false])
  const { what, why } = describeGivingUp(outcome)
  expect(what).toBe('it died 4 times, the last times without progress')
  expect(why).toMatch(/^killed by SIGKILL in block 7 after 0\.\d s/)
})

test('ten units saved are progress: the count of deaths and the wait begin anew', async () => {
  // Saved by the first four, nothing by those after them.
  const life = `beat({ saved: 40 + 10 * Math.min(n, 5) }); if (n <= 4) beat({ saved: 50 + 10 * n }); n < 7 ? die() : process.exit(0)`
  const { told } = await lives(life, { restarts: 3 })
  expect(told.map(({ running }) => running)).toEqual([0, 0, 0, 0, 1, 2])
  expect(told.map(({ waitMs }) => waitMs)).toEqual([1, 1, 1, 1, 1, 2])
})

test('to come again to where it was before is no progress', async () => {
  const outcome = await lives(`beat({ saved: 0 }); beat({ saved: 30 }); die()`, { restarts: 2 })
  expect(outcome).toMatchObject({ gaveUp: true, deaths: 4 })
  const none = await lives(`beat({ saved: 0 }); beat({ saved: 12 }); die()`, { restarts: 0 })
  expect(none).toMatchObject({ gaveUp: true, deaths: 2 })
})

test('what it passes on: its process id, the deaths running, and how long one lived that saved nothing', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'passed')
  const life = `fs.appendFileSync(${JSON.stringify(file)}, process.env.MILLRACE_SUPERVISED + '\\n'); beat({ saved: 0 }); n < 3 ? die() : process.exit(0)`
  await lives(life)
  const passed = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(passed.map(({ supervisor, deaths }) => ({ supervisor, deaths }))).toEqual(
    [0, 1, 2].map((deaths) => ({ supervisor: process.pid, deaths })),
  )
  expect(passed.map(({ livedSeconds }) => livedSeconds !== null)).toEqual([false, true, true])
})

test('one that has beaten and then does not is stuck: it is killed and started again', async () => {
  const outcome = await lives('beat({ at: "here" }); n === 1 ? stay() : process.exit(0)', { patienceMs: 300 })
  expect(outcome).toMatchObject({ code: 0, deaths: 1 })
  expect(outcome.told[0]).toMatchObject({ cause: 'stuck', signal: 'SIGKILL' })
  expect(describeEnding(outcome.told[0]!)).toMatch(
    /^stuck \(nothing was heard of it for .*\) and killed in here/,
  )
})

test('one that never beats is not taken for stuck', async () => {
  const outcome = await lives('setTimeout(() => process.exit(0), 1500)', { patienceMs: 100 })
  expect(outcome).toMatchObject({ code: 0, deaths: 0 })
})

test('near its limit of memory it is asked to save: by a message if it beats, else by SIGTERM', async () => {
  const asked: string[] = []
  const options = { memoryLimit: 2 ** 20, observer: { memory: (why: string) => asked.push(why) } }
  const listening = `beat({ saved: 0 }); process.on('message', () => { beat({ saved: 20 }); process.exit(n === 1 ? 75 : 0) }); stay()`
  const first = await lives(listening, options)
  expect(first).toMatchObject({ code: 0, deaths: 1 })
  expect(first.told[0]).toMatchObject({ cause: 'memory', code: 75 })
  expect(asked[0]).toMatch(/^its resident memory is [\d.]+ MiB of 1\.0 MiB$/)
  const second = await lives(`n === 1 ? stay() : process.exit(0)`, options)
  expect(second.told[0]).toMatchObject({ cause: 'memory', signal: 'SIGTERM' })
})

test('a stop passes its signal on, and no new life begins', async () => {
  const controller = new AbortController()
  const stopping = lives(`process.on('SIGINT', () => process.exit(75)); stay(); beat()`, {
    stop: controller.signal,
    observer: { started: () => setTimeout(() => controller.abort('SIGINT'), 500) },
  })
  expect(await stopping).toMatchObject({ code: 75, stopped: true, gaveUp: false, lives: 1 })
})

test('a stop while it waits ends it at once', async () => {
  const controller = new AbortController()
  const stopping = lives('process.exit(1)', {
    stop: controller.signal,
    backoff: { firstMs: 60_000, mostMs: 60_000 },
    observer: { died: () => void setTimeout(() => controller.abort('SIGINT'), 10) },
  })
  expect(await stopping).toMatchObject({ stopped: true, gaveUp: false, lives: 1 })
})

test('one that was heard of and saved nothing has made no progress, however long it lived', async () => {
  const outcome = await lives(`beat({ at: 'start' }); die()`, { restarts: 1 })
  expect(outcome).toMatchObject({ gaveUp: true, deaths: 2 })
})

test.skipIf(process.platform !== 'linux')('of a group nothing is left beside the next life', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'child')
  const child = `require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1000)`
  const life = `if (n === 2) process.exit(0); require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}]); setTimeout(die, 400)`
  await lives(life, { group: true })
  await sleep(100)
  // Gone, or dead and not yet buried.
  const status = `/proc/${readFileSync(file, 'utf8')}/status`
  expect(existsSync(status) ? readFileSync(status, 'utf8') : 'State:\tZ').toMatch(/^State:\tZ/m)
})

test('a program that is not there is told at once', async () => {
  const outcome = await supervise({ command: ['/nowhere/program'], backoff })
  expect(outcome).toMatchObject({ gaveUp: true, deaths: 1, last: { cause: 'start' } })
  expect(describeGivingUp(outcome).why).toContain('ENOENT')
})

test('the kernel takes the program before its supervisor', async () => {
  if (!existsSync('/proc/self/oom_score_adj')) return
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'adj')
  const life = `setTimeout(() => fs.writeFileSync(${JSON.stringify(file)}, fs.readFileSync('/proc/self/oom_score_adj')), 200)`
  await lives(life)
  expect(Number(readFileSync(file, 'utf8'))).toBe(500)
})

test('a program whose supervisor is killed hears of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  const file = join(folder, 'told')
  const program = `process.on('disconnect', () => require('node:fs').writeFileSync(${JSON.stringify(file)}, 'orphan')); setTimeout(() => {}, 9000)`
  const script = join(folder, 'parent.ts')
  const module = JSON.stringify(join(import.meta.dirname, 'supervisor.ts'))
  appendFileSync(
    script,
    `import { supervise } from ${module}\nawait supervise({ command: [process.execPath, '-e', ${JSON.stringify(program)}], observer: { started: (pid) => console.log(pid) } })`,
  )
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [pid] = await once(parent.stdout, 'data')
  await sleep(300)
  parent.kill('SIGKILL')
  for (let i = 0; i < 200 && !existsSync(file); i++) await sleep(20)
  process.kill(Number(pid), 'SIGKILL')
  expect(existsSync(file)).toBe(true)
})
