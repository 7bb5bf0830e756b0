import { formatBytes } from '../core/bytes.ts'
import { formatCount, formatSeconds } from '../core/text.ts'
import { readEvents } from '../run/index.ts'
import type { Machine } from '../runtime/machine.ts'
import { corporaOf, sharedSettings } from './caption.ts'
import type { Block, TableContent } from './document.ts'
import type { ExperimentRun } from './experiment-runs.ts'
import { formatMeasured, formatScalar, groupRuns, measure } from './measured.ts'
import type { Part } from './paper.ts'
import { groupLabel } from './table-rows.ts'

/** What stands before the recipes: what this is, machine and settings, corpora. */
export function opening(parts: readonly Part[]): Block[] {
  const runs = parts.flatMap(({ experiment }) => experiment.runs)
  const complete = runs.filter(({ missing }) => missing === null)
  const scales = [...new Set(parts.map(({ experiment }) => experiment.scale ?? 'none'))]
  return [
    { kind: 'heading', level: 2, text: 'What this is' },
    {
      kind: 'text',
      text:
        `Tables and figures of two papers on Word2Vec [1, 2], trained again from text with Millrace: ${parts.length} recipes, ` +
        `${complete.length} of ${runs.length} runs complete, at ${scales.length > 1 ? 'scales' : 'scale'} ${scales.join(', ')}. ` +
        'Every number of ours comes from the folder that its run left behind. Numbers marked “paper” are the papers’ own, ' +
        'printed beside for comparison; where a scale differs from theirs, so do text and time, and only the order of things ' +
        'can be compared.',
    },
    { kind: 'heading', level: 2, text: 'Setup' },
    { kind: 'list', items: setupItems(complete) },
    { kind: 'heading', level: 2, text: 'Corpora' },
    corpora(runs),
  ]
}

/** What stands behind them: speed, what is missing, references. */
export function closing(parts: readonly Part[]): Block[] {
  return [
    { kind: 'heading', level: 2, text: 'Speed' },
    {
      kind: 'text',
      text: 'Words trained on each second, reading and tokenising included, counting and scoring not; all epochs, all threads.',
    },
    ...parts.flatMap(speedTable),
    { kind: 'heading', level: 2, text: 'What could not be run' },
    ...missing(parts),
    { kind: 'heading', level: 2, text: 'References' },
    { kind: 'list', items: references },
  ]
}

const references = [
  '[1] Tomas Mikolov, Kai Chen, Greg Corrado, Jeffrey Dean: Efficient Estimation of Word Representations in Vector Space. arXiv:1301.3781, 2013.',
  '[2] Tomas Mikolov, Ilya Sutskever, Kai Chen, Greg Corrado, Jeffrey Dean: Distributed Representations of Words and Phrases and their Compositionality. NeurIPS 2013, arXiv:1310.4546.',
]

function setupItems(runs: readonly ExperimentRun[]): string[] {
  if (runs.length === 0) return ['No run is complete yet.']
  const starts = runs.map(({ folder }) => {
    const start = readEvents(folder!.events).findLast((event) => event.type === 'start')
    return start?.type === 'start' ? start : undefined
  })
  const each = (values: (string | undefined)[]) => {
    const counts = new Map<string, number>()
    for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
    return [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([value, count]) => (counts.size > 1 ? `${value} (${count} runs)` : value))
      .join('; ')
  }
  const dates = runs.map(({ history }) => history!.run.createdAt.slice(0, 10)).sort()
  const shared = sharedSettings(runs)
  const machine = each(starts.map((start) => (start?.machine ? machineText(start.machine) : 'not recorded')))
  return [
    `Machine: ${machine}.`,
    `Millrace ${each(runs.map(({ history }) => history!.run.version))}.`,
    dates[0] === dates.at(-1) ? `Run on ${dates[0]}.` : `Run from ${dates[0]} to ${dates.at(-1)}.`,
    `Threads: ${each(starts.map((start) => String(start?.threads ?? 'not recorded')))}.`,
    shared.length > 0
      ? `Settings of all runs: ${shared.map(([key, value]) => `\`${key}\` ${formatScalar(value)}`).join(', ')}. Others stand at their tables.`
      : 'Settings stand at the tables.',
    'Scores are shares of the questions whose words are all in the vocabulary and among the words asked, unless a head says otherwise; a question is right if the nearest word is exactly the one expected.',
  ]
}

function machineText({ cpu, cores, memoryBytes, os, node }: Machine): string {
  return [cpu, `${cores} cores`, formatBytes(memoryBytes), os, `Node ${node}`].join(', ')
}

function corpora(runs: readonly ExperimentRun[]): Block {
  const read = corporaOf(runs)
  if (read.length === 0) return { kind: 'text', text: 'None was read yet.' }
  const table: TableContent = {
    id: 'corpora',
    title: 'Texts that were trained on',
    caption: ['Words as counted, before rare ones are left out; SHA-256 by its first 16 digits.'],
    head: [[{ text: 'text' }, { text: 'words' }, { text: 'bytes' }, { text: 'SHA-256' }]],
    align: ['left', 'right', 'right', 'left'],
    rows: read.map(({ label, words, bytes, sha256 }) => ({
      kind: 'ours',
      cells: [
        { text: label },
        { text: formatCount(words) },
        { text: formatCount(bytes) },
        { text: sha256.slice(0, 16) },
      ],
    })),
    notes: [],
  }
  return { kind: 'table', table }
}

/** A row for each run that is complete, over its seeds. */
function speedTable({ name, experiment }: Part): Block[] {
  const groups = groupRuns(experiment.runs.filter(({ missing }) => missing === null))
  if (groups.length === 0) return []
  const { recipe } = experiment
  const table: TableContent = {
    id: `${name}-speed`,
    title: `Speed: ${recipe.title ?? recipe.name}`,
    caption: [],
    head: [
      [
        { text: 'run' },
        { text: 'words trained on' },
        { text: 'time' },
        { text: 'words a second' },
        { text: 'threads' },
        { text: 'peak memory' },
      ],
    ],
    align: ['left', 'right', 'right', 'right', 'right', 'right'],
    rows: groups.map((group) => {
      const { mean: seconds } = measure(group.runs, 'seconds')
      const { mean: bytes } = measure(group.runs, 'peakRssBytes')
      const history = group.runs[0]!.history!
      return {
        kind: 'ours',
        cells: [
          { text: groupLabel(recipe, group) },
          { text: formatCount(history.words) },
          { text: seconds === null ? '–' : formatSeconds(seconds) },
          { text: formatMeasured(measure(group.runs, 'wordsPerSecond'), 'words') },
          { text: String(history.run.config.threads ?? '–') },
          { text: bytes === null ? '–' : formatBytes(bytes) },
        ],
      }
    }),
    notes: [],
  }
  return [{ kind: 'table', table }]
}

function missing(parts: readonly Part[]): Block[] {
  const items = parts.flatMap(({ experiment: { recipe, runs } }) => {
    const byReason = Map.groupBy(
      runs.filter(({ missing }) => missing !== null),
      ({ missing }) => missing!,
    )
    return Array.from(byReason, ([reason, members]) => {
      const which =
        members.length === runs.length
          ? `all ${runs.length} runs`
          : members.length > 3
            ? `${members.length} of ${runs.length} runs`
            : members.map(({ id }) => `\`${id}\``).join(', ')
      return `${recipe.title ?? recipe.name}: ${which}: ${reason}.`
    })
  })
  return items.length > 0
    ? [{ kind: 'list', items }]
    : [{ kind: 'text', text: 'All that the recipes ask for was run.' }]
}
