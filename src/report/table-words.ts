import { MillraceError } from '../core/errors.ts'
import type { Ask, RecipeTable } from '../experiment/index.ts'
import { KeyedVectors, type Neighbour } from '../vectors/index.ts'
import { captionOf } from './caption.ts'
import { type Cell, Marks, type TableContent } from './document.ts'
import type { Experiment, ExperimentRun } from './experiment-runs.ts'
import { groupRuns } from './measured.ts'
import { groupLabel } from './table-rows.ts'

export type WordsTable = Extract<RecipeTable, { kind: 'words' }>

/** A table of questions to the vectors, and the words that answer them: ours, the paper's, other systems'. */
export function wordsTable(experiment: Experiment, table: WordsTable): TableContent {
  const { recipe, runs } = experiment
  const marks = new Marks()
  const groups = groupRuns(runs)
  const columns = groups.map((group) => {
    const run = group.runs.find(({ missing }) => missing === null)
    const published = table.asks.map(({ published }) =>
      typeof published === 'object'
        ? group.row === null
          ? undefined
          : published[group.row]
        : groups.length === 1
          ? published
          : undefined,
    )
    return {
      label: groups.length > 1 ? groupLabel(recipe, group) : 'ours',
      published,
      hasPaper: published.some((answer) => answer !== undefined),
      answers: run
        ? answersOf(run, table)
        : table.asks.map((): Answer => ({ reason: group.runs[0]?.missing ?? 'not run yet' })),
    }
  })
  const several = columns.length > 1
  // Of several runs, an answer that the paper gives for none of them.
  const shared = groups.length === 1 ? [] : table.asks.map(({ published }) => published)
  const hasShared = shared.some((answer) => typeof answer === 'string')
  return {
    id: table.id,
    title: table.title,
    caption: [
      ...captionOf(experiment).filter((sentence) => !sentence.startsWith('Mean ±')),
      ...(groups.some(({ runs }) => runs.length > 1) ? ['The first seed that is complete was asked.'] : []),
      ...columns.flatMap((column) => agreement(column, several)),
    ],
    head: [
      [
        { text: '' },
        ...columns.flatMap(({ label, hasPaper }) => [
          { text: label },
          ...(hasPaper ? [{ text: 'paper', ...(several && { quiet: label }) }] : []),
        ]),
        ...(hasShared ? [{ text: 'paper' }] : []),
        ...table.others.map(({ label }) => ({ text: label, quiet: 'paper' })),
      ],
    ],
    align: Array.from(
      {
        length:
          1 +
          columns.reduce((sum, { hasPaper }) => sum + (hasPaper ? 2 : 1), 0) +
          (hasShared ? 1 : 0) +
          table.others.length,
      },
      () => 'left' as const,
    ),
    rows: table.asks.map(({ label, ask }, i) => ({
      kind: 'ours' as const,
      cells: [
        { text: label ?? askText(ask) },
        ...columns.flatMap(({ answers, published, hasPaper }) => [
          answerCell(answers[i]!, marks),
          ...(hasPaper ? [paperCell(published[i])] : []),
        ]),
        ...(hasShared ? [paperCell(shared[i] as string | undefined)] : []),
        ...table.others.map(({ published }) => paperCell(published[i])),
      ],
    })),
    notes: marks.notes(),
  }
}

/** How often one of our answers is one of the paper's, which are parted by commas. */
function agreement(
  { label, answers, published }: { label: string; answers: Answer[]; published: (string | undefined)[] },
  several: boolean,
): string[] {
  const plain = (word: string) => word.trim().toLowerCase().replaceAll('_', ' ')
  const both = answers.flatMap((answer, i) =>
    'words' in answer && published[i] !== undefined ? [{ ours: answer.words, paper: published[i] }] : [],
  )
  const unanswered = published.filter((paper) => paper !== undefined).length - both.length
  if (both.length === 0) return []
  const same = both.filter(({ ours, paper }) => {
    const theirs = paper.split(',').map(plain)
    return ours.some((word) => theirs.includes(plain(word)))
  })
  return [
    `${several ? `${label}: an` : 'An'} answer of ours is one of the paper’s in ${same.length} of ${both.length + unanswered} questions${
      unanswered > 0 ? `; ${unanswered} could not be asked` : ''
    }.`,
  ]
}

type Answer = { words: string[] } | { reason: string }

function answersOf(run: ExperimentRun, table: WordsTable): Answer[] {
  let vectors: KeyedVectors
  try {
    vectors = KeyedVectors.load(run.folder!.path)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    const reason = error.parts.why ?? error.parts.what
    return table.asks.map(() => ({ reason }))
  }
  return table.asks.map(({ ask }) => answer(vectors, ask, table.count))
}

function answer(vectors: KeyedVectors, ask: Ask, count: number): Answer {
  const asked = 'near' in ask ? [ask.near] : 'sum' in ask ? ask.sum : ask.analogy
  const known = asked.map((word) => knownAs(vectors, word))
  const unknown = asked.filter((_, i) => known[i] === undefined)
  if (unknown.length > 0) return { reason: `not in the vocabulary: ${unknown.join(', ')}` }
  const words = known as string[]
  const near: Neighbour[] =
    'analogy' in ask
      ? vectors.analogy(words[0]!, words[1]!, words[2]!, { count })
      : vectors.near(words, { count })
  return { words: near.map(({ word }) => word.replaceAll('_', ' ')) }
}

/** How the vocabulary writes a word, whatever its case: as it stands, else lower-cased, else the most frequent form. */
export function knownAs(vectors: KeyedVectors, word: string): string | undefined {
  const joined = word.trim().replace(/\s+/g, '_')
  const lower = joined.toLowerCase()
  return [joined, lower].find((form) => vectors.has(form)) ?? folded(vectors).get(lower)
}

/** Of each word its most frequent form, by its lower-cased one. */
const foldedOf = new WeakMap<KeyedVectors, Map<string, string>>()

function folded(vectors: KeyedVectors): Map<string, string> {
  let forms = foldedOf.get(vectors)
  if (!forms) {
    forms = new Map()
    for (let i = vectors.length - 1; i >= 0; i--) forms.set(vectors.word(i).toLowerCase(), vectors.word(i))
    foldedOf.set(vectors, forms)
  }
  return forms
}

function askText(ask: Ask): string {
  if ('near' in ask) return ask.near
  if ('sum' in ask) return ask.sum.join(' + ')
  const [a, b, c] = ask.analogy
  return `${b} − ${a} + ${c}`
}

function answerCell(answer: Answer, marks: Marks): Cell {
  if ('words' in answer) return { text: answer.words.join(', ') }
  return { text: '–', kind: 'missing', marks: marks.of([answer.reason])! }
}

function paperCell(text: string | undefined): Cell {
  return { text: text ?? '', kind: 'paper' }
}
