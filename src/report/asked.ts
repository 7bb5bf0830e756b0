import { formatCount } from '../core/text.ts'
import type { Scores } from '../evaluate/index.ts'
import type { Experiment } from './experiment-runs.ts'
import { isNoShare } from './measured.ts'

/** Which files of questions the runs were asked, and how many of them could be: a sentence; null if nothing was. */
export function askedText({ runs }: Experiment): string | null {
  const scored = runs.flatMap(({ missing, scores }) => (missing === null && scores ? [scores] : []))
  const texts = Map.groupBy(scored.flatMap(asked), ({ name }) => name)
  const parts = Array.from(texts.values(), (same) => {
    const { file, what } = same[0]!
    const restrict = same.find(({ restrict }) => restrict !== null)?.restrict ?? null
    const of = [...new Set(same.map(({ of }) => of))]
    const known = same.map(({ known }) => known)
    const [low, high] = [Math.min(...known), Math.max(...known)]
    const range = low === high ? formatCount(low) : `${formatCount(low)} to ${formatCount(high)}`
    const among = restrict === null ? '' : ` among the ${formatCount(restrict)} most frequent words`
    return `\`${file}\`${among}, ${range} of ${of.map(formatCount).join(' or ')} ${what} with known words`
  })
  return parts.length > 0 ? `Asked: ${parts.join('; ')}.` : null
}

interface Asked {
  name: string
  file: string
  what: string
  restrict: number | null
  known: number
  of: number
}

function asked({ words, analogies, pairs, odd, completion }: Scores): Asked[] {
  const plain = { restrict: null }
  return [
    ...analogies.map(({ name, file, restrict, total }) => ({
      name,
      file,
      what: 'questions',
      restrict: restrict < words ? restrict : null,
      known: total.questions - total.skipped,
      of: total.questions,
    })),
    ...pairs.map(({ name, file, pairs, skipped }) => ({
      ...plain,
      name,
      file,
      what: 'pairs',
      known: pairs - skipped,
      of: pairs,
    })),
    ...[
      ...odd.map((score) => ({ ...score, what: 'lists' })),
      ...completion.map((score) => ({ ...score, what: 'sentences' })),
    ].map(({ name, file, what, questions, skipped }) => ({
      ...plain,
      name,
      file,
      what,
      known: questions - skipped,
      of: questions,
    })),
  ]
}

/** Whether questions with unknown words count as wrong, for each of a table's columns that is about questions. */
export function unknownText(
  { runs }: Experiment,
  columns: readonly { score: string; head: string }[],
): string | null {
  const correlations = new Set(runs.flatMap(({ scores }) => scores?.pairs.map(({ name }) => name) ?? []))
  const shares = columns.filter(
    ({ score }) => !isNoShare(score) && ![...correlations].some((name) => `${score}.`.startsWith(`${name}.`)),
  )
  const ofAll = shares.filter(({ score }) => score.endsWith('.ofAll'))
  if (shares.length === 0) return null
  if (ofAll.length === shares.length) return 'Questions with unknown words count as wrong.'
  if (ofAll.length === 0) return 'Questions with unknown words are left out.'
  const names = ofAll.map(({ head }) => head).join(', ')
  return `Questions with unknown words count as wrong under ${names}, and are left out elsewhere.`
}
