// Millrace and its peers in turn, on the same file with the same settings. See docs/performance.md.
import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { CommanderError } from 'commander'
import packageFile from '../package.json' with { type: 'json' }
import { note, print, tellError } from '../src/cli/output.ts'
import { writeFileAtomically } from '../src/core/disk.ts'
import { besideBusyProcess } from './busy.ts'
import { contestantsOf, type Field } from './contestants.ts'
import { findCorpus, prepareCorpus } from './corpus.ts'
import { describeCommit, describeMachine } from './machine.ts'
import { type Contestant, type Measured, runRounds } from './measure.ts'
import { millrace, millraceCommand } from './millrace.ts'
import { type BenchOptions, benchCommand } from './options.ts'
import { findPeers } from './peers/index.ts'
import { word2vecC } from './peers/word2vec-c.ts'
import { findQuestions, measureQuality, type Quality, type QualityPlan } from './quality.ts'
import { type BenchReport, summarize } from './report.ts'
import type { Row } from './rows.ts'
import { formatMarkdown, formatText } from './table.ts'
import { settings } from './tool.ts'

/** Measures row after row; after each, `onRow` is given all that there is. */
async function bench(options: BenchOptions, onRow: (report: BenchReport) => void): Promise<BenchReport> {
  const { rows, rounds, epochs, threads, seeds, work } = options
  const commit = describeCommit()
  const source = findCorpus(options.corpus)
  const command = millraceCommand(options.source ?? false)
  const ours = millrace(command, packageFile.version)
  const alone = rows.every(({ beside }) => beside !== 'peers')
  const peers = alone ? [] : findPeers(options.peers)
  if (options.word2vecC) peers.push(word2vecC(options.word2vecC))
  const corpus = await prepareCorpus(source, work)
  const field: Field = { peers, millrace: ours, corpus, epochs, threads }
  const contestants = rows.map((row) => contestantsOf(row, field))

  const quality = qualityPlan(options, command)
  const warmUpRounds = rounds >= 3 ? 1 : 0
  const report: BenchReport = {
    format: 2,
    date: new Date().toISOString(),
    commit,
    machine: describeMachine(),
    corpus: { name: basename(source), bytes: statSync(corpus).size, words: 0, vocabulary: 0 },
    settings: {
      ...{ ...settings, threads, epochs, rounds, warmUpRounds, seeds },
      qualityEpochs: quality?.epochs ?? null,
    },
    tools: [...peers, ours].map(({ name, version }) => ({ name, version })),
    rows: [],
  }
  for (const [i, row] of rows.entries()) {
    const measured = await measureRow(row, contestants[i]!, rounds, work)
    const { words, vocabulary } = measured.at(-1)!.outcomes[0]!
    report.corpus.words = words! / epochs
    report.corpus.vocabulary = vocabulary
    const scores = quality ? await scoreRow(row, measured, quality, work) : []
    report.rows.push(summarize(row, measured, words!, warmUpRounds, scores))
    onRow(report)
  }
  return report
}

async function measureRow(
  row: Row,
  contestants: Contestant[],
  rounds: number,
  work: string,
): Promise<Measured[]> {
  const measure = () => runRounds(contestants, rounds, work, row.name)
  const measured = await (row.busy ? besideBusyProcess(measure) : measure())
  tellDifferences(measured)
  return measured
}

/** Null where there is nothing to score with. */
function qualityPlan({ qualityEpochs, epochs, seeds }: BenchOptions, command: string[]): QualityPlan | null {
  if (seeds === 0) return null
  const questions = findQuestions()
  if (questions) return { epochs: qualityEpochs ?? Math.max(3, epochs), seeds, questions, command }
  note('quality is not measured: the data folder (MILLRACE_DATA) does not hold the questions')
  return null
}

/** Rows that are about speed alone have no scores. */
async function scoreRow(
  row: Row,
  measured: readonly Measured[],
  plan: QualityPlan,
  work: string,
): Promise<Quality[][]> {
  const scores: Quality[][] = []
  if (row.busy || row.beside === 'one thread') return scores
  for (const one of measured) scores.push(await measureQuality(one, plan, work, row.name))
  return scores
}

/** The speeds are of the same work only if the tools saw the same words. */
function tellDifferences(measured: readonly Measured[]): void {
  const ours = measured.at(-1)!.outcomes[0]!
  for (const { name, outcomes } of measured) {
    const { words, vocabulary } = outcomes[0]!
    // word2vec.c and fastText count the end of a line as a word.
    if (Math.abs(vocabulary - ours.vocabulary) > 1 || (words !== null && words !== ours.words))
      note(
        `careful: ${name} has ${words ?? 'unknown'} words and a vocabulary of ${vocabulary}, ` +
          `Millrace ${ours.words} and ${ours.vocabulary}`,
      )
  }
}

function write(path: string, text: string): void {
  writeFileAtomically(path, (write) => write(Buffer.from(text)))
}

const command = benchCommand(join(import.meta.dirname, 'work'))
try {
  command.exitOverride().parse()
  const options = command.opts<BenchOptions>()
  const report = await bench(options, (report) => {
    // A long bench that is stopped leaves what it had.
    if (options.json) write(options.json, `${JSON.stringify(report, null, 2)}\n`)
    if (options.markdown) write(options.markdown, formatMarkdown(report))
  })
  print(formatText(report))
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else process.exitCode = tellError(error, false)
}
