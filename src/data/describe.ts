import { formatCount } from '../core/text.ts'
import { type CorpusSpec, labelOf, planOf } from './corpus-spec.ts'
import { derivedMeasure, derivedPath } from './derived.ts'
import { byHand } from './fetch.ts'
import { rememberedMeasure } from './measure.ts'
import { cacheFolder } from './places.ts'
import { chooseSources, filesOf, type Source, type SourceOptions } from './sources.ts'
import { packingOf } from './unpack.ts'

/** What `prepareCorpus` would do, as far as that is known without reading any text. */
export interface CorpusDescription {
  label: string
  /**
   * ready    nothing is to be made
   * make     something is to be unpacked, cut or joined, with what is on this machine
   * fetch    something is to be downloaded first
   * missing  it cannot be had but by hand
   */
  state: 'ready' | 'make' | 'fetch' | 'missing'
  /** What is to be done first, in words. */
  todo: string[]
  /** What it has, or will have, where that is known. With phrases joined, known only once they are. */
  words: number | null
  bytes: number | null
  /** Of the text as it will be trained on, where that is known. */
  sha256: string | null
}

/** Says what a corpus is and what would have to be done for it, and does nothing. */
export function describeCorpus(spec: CorpusSpec, options: SourceOptions = {}): CorpusDescription {
  const plan = planOf(spec)
  const cache = cacheFolder(options)
  const sources = chooseSources(plan, options)
  const names = sources.map(({ name }) => name)
  const label = labelOf(names, plan)
  const measures = sources.map((source) => knownMeasure(source, cache))
  const whole = measures.every((measure) => measure !== undefined)
    ? measures.reduce(
        (sum: number | null, { words }) => (sum === null || words === null ? null : sum + words),
        0,
      )
    : null
  const isShort = plan.words !== null && whole !== null && whole < plan.words
  const recipe = {
    sources: sources.map(({ name }, i) => ({ name, sha256: measures[i]?.sha256 ?? '' })),
    words: plan.words,
    phrases: plan.phrases,
    tokenizer: plan.tokenizer,
  }
  const isMade =
    plan.words !== null || plan.phrases.length > 0 || sources.some(({ path }) => path && isPacked(path))
  const made = isMade ? derivedMeasure(derivedPath(recipe, cache)) : undefined
  if (made) return { label, state: 'ready', todo: [], ...made }
  const todo = sources.flatMap((source) => todoFor(source, options))
  if (plan.words !== null)
    todo.push(isShort ? tooFew(whole, plan.words) : `cut the first ${formatCount(plan.words)} words`)
  if (plan.phrases.length > 0) todo.push(`join phrases in ${plan.phrases.length} passes`)
  const states = sources.map(({ state }) => state)
  const only = !isMade && measures.length === 1 ? measures[0] : undefined
  return {
    label,
    state:
      states.includes('missing') || isShort
        ? 'missing'
        : states.includes('fetch')
          ? 'fetch'
          : todo.length > 0
            ? 'make'
            : 'ready',
    todo,
    words: plan.phrases.length > 0 ? null : (plan.words ?? whole),
    bytes: only?.bytes ?? null,
    sha256: only?.sha256 ?? null,
  }
}

function tooFew(there: number, words: number): string {
  return `name a longer text: it has ${formatCount(there)} words, and ${formatCount(words)} are asked for`
}

function todoFor({ name, entry, path, state }: Source, options: SourceOptions): string[] {
  if (state === 'fetch') return [`download ${name}`]
  if (state === 'missing')
    return [entry ? `get ${name} by hand: ${byHand(entry, options)}` : `there is no ${name}`]
  return path === undefined || isPacked(path) ? [`unpack ${name}`] : []
}

function isPacked(path: string): boolean {
  return filesOf(path).some((file) => packingOf(file) !== undefined)
}

interface Known {
  sha256: string
  bytes: number | null
  words: number | null
}

/** What is known of a source without reading it. */
function knownMeasure({ entry, path }: Source, cache: string): Known | undefined {
  if (entry?.checksums.sha256)
    return { sha256: entry.checksums.sha256, bytes: entry.bytes, words: entry.words }
  if (path === undefined) return undefined
  const known = rememberedMeasure(filesOf(path), cache)
  // What was measured of a packed file is not of its text.
  return known && isPacked(path) ? { sha256: known.sha256, bytes: null, words: null } : known
}
