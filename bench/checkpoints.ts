// How long training waits for its checkpoints: a model of 70,000 words × 300 dimensions, saved every second.
//   node --conditions=millrace-source bench/checkpoints.ts [--words 70000] [--dim 300] [--threads 2] [--megawords 3]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { print } from '../src/cli/output.ts'
import { deriveSeed, Random } from '../src/core/random.ts'
import { readEvents } from '../src/run/index.ts'
import { runTraining } from '../src/train/index.ts'
import { describeCommit, describeMachine } from './machine.ts'

const { values } = parseArgs({
  options: {
    words: { type: 'string', default: '70000' },
    dim: { type: 'string', default: '300' },
    threads: { type: 'string', default: '2' },
    megawords: { type: 'string', default: '3' },
  },
})

/** Text in which each word occurs, and as in language few of them often. */
function text(vocabulary: number, length: number): string {
  const random = new Random(deriveSeed(1))
  const words: string[] = []
  for (let i = 0; i < length; i++) {
    const rank = i < vocabulary ? i : Math.floor(vocabulary ** (random.below(2 ** 30) / 2 ** 30))
    words.push(`w${rank.toString(36)}${i % 20 === 19 ? '\n' : ''}`)
  }
  return words.join(' ')
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
try {
  const corpus = join(folder, 'corpus.txt')
  writeFileSync(corpus, text(Number(values.words), 1e6 * Number(values.megawords)))
  const config = {
    dim: Number(values.dim),
    threads: Number(values.threads),
    epochs: 1,
    minCount: 1,
    sample: 0,
    checkpointEvery: '1s',
  }
  const outcome = await runTraining({ corpus: [corpus], out: join(folder, 'run'), config })
  const { result } = outcome
  // The last comes when training is over: nothing waits for it.
  const saved = readEvents(outcome.folder.events)
    .filter(({ type }) => type === 'checkpoint')
    .slice(0, -1)
  const column = (key: 'stallSeconds' | 'seconds') =>
    saved.flatMap((event) => (event.type === 'checkpoint' ? [event[key]] : [])).sort((a, b) => a - b)
  const row = (what: string, numbers: number[]) =>
    print(
      `${what.padEnd(28)} median ${numbers[numbers.length >> 1]?.toFixed(3)} s, ` +
        `least ${numbers[0]?.toFixed(3)}, most ${numbers.at(-1)?.toFixed(3)}`,
    )
  const { cpu, cores, node } = describeMachine()
  print(`${cpu}, ${cores} cores, Node ${node}, ${describeCommit()}`)
  print(
    `${result.vocabulary} words × ${values.dim}, ${values.threads} threads: ${saved.length} checkpoints in ` +
      `${result.seconds.toFixed(1)} s of training`,
  )
  row('threads waited', column('stallSeconds'))
  row('from its begin until safe', column('seconds'))
  const mean = column('stallSeconds').reduce((sum, stall) => sum + stall, 0) / saved.length
  print(`at one a minute: ${((100 * mean) / 60).toFixed(2)} % of training`)
} finally {
  rmSync(folder, { recursive: true })
}
