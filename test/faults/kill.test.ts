import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { RunFolder, readEvents } from '../../src/run/index.ts'
import { runTraining } from '../../src/train/index.ts'
import { madeUpText } from '../made-up-text.ts'

const config = { dim: 16, epochs: 16, sample: 1e-2, threads: 1 }
const flags = ['--dim', '16', '--epochs', '16', '--sample', '0.01', '--threads', '1', '--json']
let corpus: string
let expected: { vectors: Buffer; audit: unknown }

beforeAll(async () => {
  corpus = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'corpus.txt')
  writeFileSync(corpus, madeUpText(1_200_000, 2))
  const out = newFolder()
  const { result } = await runTraining({ corpus: [corpus], out, config })
  expected = { vectors: readFileSync(new RunFolder(out).vectors), audit: result.audit }
})

const newFolder = () => join(mkdtempSync(join(tmpdir(), 'millrace-')), 'run')

function start(out: string, text = corpus): ChildProcess & { output: string; notes: string } {
  const cli = join(import.meta.dirname, '../support/millrace.ts')
  const child = spawn(process.execPath, [
    '--conditions=millrace-source',
    cli,
    'train',
    text,
    '--out',
    out,
    ...flags,
  ])
  const texts = Object.assign(child, { output: '', notes: '' })
  child.stdout!.on('data', (part) => {
    texts.output += part
  })
  child.stderr!.on('data', (part) => {
    texts.notes += part
  })
  return texts
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  const [code] = child.exitCode !== null ? [child.exitCode] : await once(child, 'close')
  return code
}

function checkpointCount(out: string): number {
  return readEvents(join(out, 'events.ndjson')).filter(({ type }) => type === 'checkpoint').length
}

/** Waits until a file of the run is there, so that a signal finds training at work. */
async function until(test: () => boolean): Promise<void> {
  while (!test()) await sleep(5)
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s saves the work and ends with 75; the same command goes on',
  async (signal) => {
    const out = newFolder()
    const folder = new RunFolder(out)
    const child = start(out)
    await until(
      () => existsSync(folder.events) && readFileSync(folder.events, 'utf8').includes('"checkpoint"'),
    )
    child.kill(signal)
    expect(await exitOf(child), child.notes).toBe(75)
    expect(child.notes).toContain('all work is saved')
    expect(folder.read().status).toBe('stopped')
    expect(existsSync(folder.vectors)).toBe(false)
    const again = start(out)
    expect(await exitOf(again), again.notes).toBe(0)
    expect(readFileSync(folder.vectors).equals(expected.vectors)).toBe(true)
    expect(JSON.parse(again.output)).toMatchObject({ restarts: 1, audit: expected.audit })
  },
)

// The limit is shorter than the time between checkpoints: nothing may hold a process that has told its error.
test('a text that changes fails the run, and the process ends', { timeout: 30_000 }, async () => {
  const out = newFolder()
  const text = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'corpus.txt')
  const bytes = readFileSync(corpus)
  const place = () => {
    writeFileSync(text, bytes)
    utimesSync(text, 1e9, 1e9) // the same length and time: only the content tells
  }
  place()
  const child = start(out, text)
  await until(() => checkpointCount(out) > 0)
  child.kill('SIGTERM')
  expect(await exitOf(child), child.notes).toBe(75)
  bytes[600_000] = bytes[600_000]! ^ 1
  place()
  const again = start(out, text)
  expect(await exitOf(again)).toBe(2)
  expect(again.notes).toContain('changed during the run')
  expect(new RunFolder(out).read().status).toBe('failed')
})

test('a second trainer on the same folder is refused, and the first goes on', async () => {
  const out = newFolder()
  const first = start(out)
  await until(() => existsSync(join(out, 'corpus.json')))
  const second = start(out)
  expect(await exitOf(second)).toBe(2)
  expect(second.notes).toContain(`another process (${new RunFolder(out).read().pids.trainer}) is training`)
  expect(await exitOf(first), first.notes).toBe(0)
  expect(readFileSync(new RunFolder(out).vectors).equals(expected.vectors)).toBe(true)
})
