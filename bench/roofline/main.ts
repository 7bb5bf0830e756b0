// How near training comes to what one core can do in WASM. See docs/performance.md.
import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { note, print, tellError } from '../../src/cli/output.ts'
import { writeFileAtomically } from '../../src/core/disk.ts'
import { findCorpus, prepareCorpus } from '../corpus.ts'
import { describeCommit, describeMachine } from '../machine.ts'
import { millraceCommand } from '../millrace.ts'
import { type CompiledKernel, compileKernel } from './compile.ts'
import { peakRate, widePeakRate } from './peak.ts'
import { formatText, type RooflineReport, type Round } from './report.ts'
import { rowRate } from './rows.ts'
import { countsOf, profileOnce, trainOnce } from './train-rate.ts'

interface Options {
  corpus?: string
  dims: number[]
  rounds: number
  json?: string
  work: string
  source?: boolean
}

async function roofline({ corpus: given, dims, rounds, work, source }: Options): Promise<RooflineReport> {
  const commit = describeCommit()
  const command = millraceCommand(source ?? false)
  const path = findCorpus(given)
  const corpus = await prepareCorpus(path, work)
  const kernel = await compileKernel(work)
  const report: RooflineReport = {
    format: 2,
    date: new Date().toISOString(),
    commit,
    machine: describeMachine(),
    corpus: { name: basename(path), bytes: statSync(corpus).size, vocabulary: 0 },
    fused: kernel.fused,
    dims: [],
  }
  for (const dim of dims) {
    const out = join(work, `roofline-${dim}`)
    const { folder, ...profile } = await profileOnce(command, corpus, dim, out)
    const counts = countsOf(folder)
    report.corpus.vocabulary = counts.length
    const measured: Round[] = []
    for (let round = 1; round <= rounds; round++) {
      const one = await measureRound(kernel, work, command, corpus, counts, dim, out)
      note(`dim ${dim}, round ${round} of ${rounds}: ${describe(one)}`)
      measured.push(one)
    }
    report.dims.push({ dim, rounds: measured, profile })
  }
  return report
}

async function measureRound(
  kernel: CompiledKernel,
  work: string,
  command: readonly string[],
  corpus: string,
  counts: readonly number[],
  dim: number,
  out: string,
): Promise<Round> {
  const peak = peakRate(kernel)
  const widePeak = widePeakRate(work)
  const rows = rowRate(kernel, counts, dim)
  const { flop, seconds } = await trainOnce(command, corpus, dim, out)
  return { peak, widePeak, rows, training: flop / seconds }
}

function describe({ peak, rows, training }: Round): string {
  const giga = (value: number) => (value / 1e9).toFixed(1)
  return `peak ${giga(peak)} GFLOP/s, ${(rows / 1e6).toFixed(1)} million rows/s, training ${giga(training)} GFLOP/s`
}

function whole(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number of 1 or more.')
}

const command = new Command('npm run bench:roofline --')
  .description("Measures one core's rate of multiply-adds in WASM, and training's share of it.")
  .option(
    '--corpus <file>',
    'text, plain or .gz, .xz, .bz2, .zst (default: 100 MB of Wikipedia, from MILLRACE_DATA)',
  )
  .option('--dims <n,…>', 'widths of the vectors', (text) => text.split(',').map(whole), [100, 300])
  .option('--rounds <n>', 'how often all is measured', whole, 3)
  .option('--json <file>', 'write all that was measured as JSON')
  .option('--work <folder>', 'where the corpus is unpacked', join(import.meta.dirname, '../work'))
  .option('--source', 'run Millrace from src/ instead of dist/')
  .allowExcessArguments(false)
  .showHelpAfterError('(--help shows what is possible)')
try {
  command.exitOverride().parse()
  const options = command.opts<Options>()
  const report = await roofline(options)
  print(formatText(report))
  const json = `${JSON.stringify(report, null, 2)}\n`
  if (options.json) writeFileAtomically(options.json, (write) => write(Buffer.from(json)))
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else process.exitCode = tellError(error, false)
}
