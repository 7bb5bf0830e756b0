import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { deriveSeed, Random } from '../../src/core/random.ts'
import { RunFolder, readEvents } from '../../src/run/index.ts'
import { runTraining } from '../../src/train/index.ts'
import { KeyedVectors, WordTable } from '../../src/vectors/index.ts'
import { madeUpText } from '../made-up-text.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))
const random = new Random(deriveSeed(seed))
const dim = 16
const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const corpus = join(folder, 'corpus.txt')
const init = join(folder, 'init.bin')
const launcher = join(import.meta.dirname, '../support/millrace.ts')
writeFileSync(corpus, madeUpText(700_000, 2))
// Many words, so that reading them takes a while to be killed in.
const words = Array.from({ length: 40_000 }, (_, i) => `w${i.toString(36)}`)
const matrix = Float32Array.from({ length: words.length * dim }, (_, i) => Math.sin(i))
KeyedVectors.from({ words: WordTable.from(words), dim, matrix }).save(init, 'binary')

/** Trains by the command line, killed outright again and again, and lets it end. */
async function trainUnderFire(out: string, kills: number, ...flags: string[]): Promise<void> {
  const all = ['train', corpus, '--out', out, '--threads', '1', '--no-supervise', '--json', ...flags]
  for (let kill = 0; kill <= kills; kill++) {
    const child = spawn(process.execPath, ['--conditions=millrace-source', launcher, ...all])
    let notes = ''
    child.stderr.on('data', (part) => {
      notes += part
    })
    child.stdout.resume()
    const ended = once(child, 'close')
    // From its start on, and sometimes when there is something to go on from.
    const moment = async () => {
      await sleep(random.below(900))
      if (kill % 2 === 1) while (!hasSaved(out) && child.exitCode === null) await sleep(5)
    }
    if (kill < kills) {
      await Promise.race([ended, moment()])
      child.kill('SIGKILL')
    }
    const [code] = await ended
    if (code === 0) return
    if (kill === kills || code !== null) expect.fail(`SEED=${seed}: ended with ${code}: ${notes}`)
    // Once something is saved, the vectors that it began with need not be there.
    if (hasSaved(out)) rmSync(init, { force: true })
  }
}

function hasSaved(out: string): boolean {
  const path = new RunFolder(out).checkpoints
  return existsSync(path) && readdirSync(path).some((name) => /^\d{6}$/.test(name))
}

test('killed outright, a warm start and more epochs end as if nothing had happened', async () => {
  const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')]
  const config = { epochs: 6, sample: 1e-2, threads: 1, init, freeze: 'init' as const }
  await runTraining({ corpus: [corpus], out: whole, config })
  await runTraining({ corpus: [corpus], out: whole, config: { epochs: 12 } })

  const flags = ['--epochs', '6', '--sample', '0.01', '--init', init, '--freeze', 'init']
  await trainUnderFire(broken, 5, ...flags)
  rmSync(init, { force: true })
  await trainUnderFire(broken, 4, '--epochs', '12')

  const { attempt } = new RunFolder(broken).read()
  expect(attempt, `SEED=${seed}: some kills must come after the first checkpoint`).toBeGreaterThan(2)
  const [expected, run] = [new RunFolder(whole), new RunFolder(broken)]
  const told = `SEED=${seed}`
  expect(readFileSync(run.vectors).equals(readFileSync(expected.vectors)), told).toBe(true)
  expect(readFileSync(run.vocabulary).equals(readFileSync(expected.vocabulary)), told).toBe(true)
  expect(run.read().result!.audit, told).toEqual(expected.read().result!.audit)
  expect(run.read().schedules, told).toEqual(expected.read().schedules)
  const losses = [expected, run].map(({ events }) =>
    readEvents(events).flatMap((event) => (event.type === 'epoch' ? [event.loss] : [])),
  )
  expect(losses[1], told).toEqual(losses[0])
  expect(losses[0], told).toHaveLength(12)
})
