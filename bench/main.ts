// Millrace and its peers in turn, on the same file with the same settings. See docs/performance.md.
import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { CommanderError } from 'commander'
import packageFile from '../package.json' with { type: 'json' }
import { note, print, tellError } from '../src/cli/output.ts'
import { writeFileAtomically } from '../src/core/disk.ts'
import { findCorpus, prepareCorpus } from './corpus.ts'
import { describeCommit, describeMachine } from './machine.ts'
import { type JobSettings, type Measured, runRounds } from './measure.ts'
import { millrace, millraceCommand } from './millrace.ts'
import { type BenchOptions, benchCommand } from './options.ts'
import { findPeers } from './peers/index.ts'
import { word2vecC } from './peers/word2vec-c.ts'
import { findQuestions, measureQuality, type Quality } from './quality.ts'
import { type BenchReport, compare, summarize } from './report.ts'
import { formatMarkdown, formatText } from './table.ts'
import { settings } from './tool.ts'

/** Measures speed, then quality. */
async function bench(options: BenchOptions): Promise<BenchReport> {
  const { rounds, epochs, threads, dim, seeds, work } = options
  const commit = describeCommit()
  const source = findCorpus(options.corpus)
  const command = millraceCommand(options.source ?? false)
  const tools = [
    ...findPeers(options.peers),
    ...(options.word2vecC ? [word2vecC(options.word2vecC)] : []),
    millrace(command, packageFile.version),
  ]
  const corpus = await prepareCorpus(source, work)

  const job: JobSettings = { corpus, dim, epochs, threads, seed: 1 }
  const measured = await runRounds(tools, job, rounds, work)
  const ours = measured.at(-1)!.outcomes[0]!
  tellDifferences(measured)

  const questions = findQuestions()
  const qualityEpochs = options.qualityEpochs ?? Math.max(3, epochs)
  const quality: Quality[][] = []
  if (questions) {
    const plan = { epochs: qualityEpochs, seeds, questions, command }
    for (const one of measured)
      quality.push(await measureQuality(one, job, plan, work, one !== measured.at(-1)))
  } else {
    note('quality is not measured: the data folder (MILLRACE_DATA) does not hold the questions')
  }

  const warmUpRounds = rounds >= 3 ? 1 : 0
  return {
    format: 1,
    date: new Date().toISOString(),
    commit,
    machine: describeMachine(),
    corpus: {
      name: basename(source),
      bytes: statSync(corpus).size,
      words: ours.words! / epochs,
      vocabulary: ours.vocabulary,
    },
    settings: {
      ...{ dim, ...settings, threads, epochs, rounds, warmUpRounds, seeds },
      qualityEpochs: questions ? qualityEpochs : null,
    },
    tools: compare(measured.map((one, i) => summarize(one, ours.words!, warmUpRounds, quality[i] ?? []))),
  }
}

/** The speeds are of the same work only if the tools saw the same words. */
function tellDifferences(measured: readonly Measured[]): void {
  const ours = measured.at(-1)!.outcomes[0]!
  for (const { tool, outcomes } of measured) {
    const { words, vocabulary } = outcomes[0]!
    // word2vec.c and fastText count the end of a line as a word.
    if (Math.abs(vocabulary - ours.vocabulary) > 1 || (words !== null && words !== ours.words))
      note(
        `careful: ${tool.name} has ${words ?? 'unknown'} words and a vocabulary of ${vocabulary}, ` +
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
  const report = await bench(options)
  print(formatText(report))
  if (options.json) write(options.json, `${JSON.stringify(report, null, 2)}\n`)
  if (options.markdown) write(options.markdown, formatMarkdown(report))
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else process.exitCode = tellError(error, false)
}
