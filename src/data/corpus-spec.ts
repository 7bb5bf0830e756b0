import { basename } from 'node:path'
import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import { formatCount, nearestName } from '../core/text.ts'
import { type Tokenizer, tokenizers } from '../corpus/index.ts'
import { corpora } from './corpora.ts'

const units: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9, b: 1e9 }
const wordsFault = 'it must be a number of words, such as 16000000, 16M, 783M or 1.5B'
const names = corpora.map(({ name }) => name).join(', ')

/** A number of words as people write it: 16000000, '16M', '1.5B'. Undefined if it is none. */
export function parseWords(text: string | number): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgb]?)$/i.exec(String(text).trim())
  if (!match) return undefined
  const words = Math.round(Number(match[1]) * units[match[2]!.toLowerCase()]!)
  return words >= 1 && Number.isSafeInteger(words) ? words : undefined
}

const source = z.string().min(1).describe(`a name (${names}), or a text file or folder, packed or not`)

const cut = {
  words: z
    .union([z.number(), z.string()])
    .refine((words) => parseWords(words) !== undefined, wordsFault)
    .transform((words) => parseWords(words)!)
    .optional()
    .describe('take the first so many words, such as 16M (default: all)'),
  phrases: z
    .array(
      z.strictObject({
        threshold: z.number().describe('join words above this score'),
        minCount: z
          .number()
          .int()
          .min(1)
          .default(5)
          .describe('discount for rare pairs, and the least count; the same in each pass'),
      }),
    )
    .min(1)
    .refine((passes) => new Set(passes.map(({ minCount }) => minCount)).size === 1, {
      error: 'minCount must be the same in each pass',
    })
    .refine((passes) => passes.every((pass, i) => i === 0 || pass.threshold < passes[i - 1]!.threshold), {
      error: 'thresholds must fall from pass to pass',
    })
    .optional()
    .describe('join words that belong together, as `millrace phrases` does: a pass for each entry'),
  tokenizer: z
    .enum(tokenizers)
    .optional()
    .describe('how text becomes words where phrases are joined (default: whitespace)'),
}

const aboutTokenizer = {
  path: ['tokenizer'],
  error: 'it is for joining phrases; how training splits text is said by train.tokenizer',
}
const isUsed = ({ tokenizer, phrases }: { tokenizer?: Tokenizer | undefined; phrases?: unknown }) =>
  tokenizer === undefined || phrases !== undefined

const ofTexts = z
  .strictObject({
    text: z
      .union([source, z.array(source).min(1)])
      .describe('a name, file or folder, or several, one after the other'),
    ...cut,
  })
  .refine(isUsed, aboutTokenizer)
  .describe('a text, or the beginning of one, with phrases joined if asked for')

const ofChoices = z
  .strictObject({
    oneOf: z
      .array(source)
      .min(1)
      .describe('the first of these that is on this machine is taken, else the first that can be downloaded'),
    ...cut,
  })
  .refine(isUsed, aboutTokenizer)
  .describe('one of several texts, whichever is there')

/** A corpus as a recipe or command names it. */
export const corpusSpecSchema = z.union([
  source,
  z.array(source).min(1).describe('several, one after the other'),
  ofTexts,
  ofChoices,
])

export type CorpusSpec = z.input<typeof corpusSpecSchema>

/** A spec in one shape. */
export interface CorpusPlan {
  /** Of which one is taken, each of one or more names or paths. */
  choices: string[][]
  /** null for all. */
  words: number | null
  phrases: { threshold: number; minCount: number }[]
  /** Of the text whose phrases are joined. */
  tokenizer: Tokenizer
}

/**
 * Checks a spec. It says what is wrong with the shape that was meant, which the schema, being one of several shapes,
 * does not.
 *
 * where   what the spec belongs to, for the error
 * throws  ConfigError naming the key; for an unknown one, the nearest known
 */
export function parseCorpusSpec(input: unknown, where = 'the corpus'): CorpusSpec {
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input)
  const schema = !isObject ? corpusSpecSchema : 'oneOf' in input ? ofChoices : ofTexts
  const result = schema.safeParse(input)
  if (result.success) return input as CorpusSpec
  const { issues } = result.error
  // A key that is misspelt is missing, too: that it is unknown says more.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(schema === ofChoices ? ofChoices.shape : ofTexts.shape)
    const at = issue.path.length > 0 ? ['threshold', 'minCount'] : known
    const key = issue.keys[0]!
    const nearest = nearestName(key, at)
    throw new ConfigError('CORPUS_SPEC', {
      what: `${where} has an unknown key ${[...issue.path, key].join('.')}`,
      mend: nearest ? `did you mean ${nearest}?` : `known keys: ${at.join(', ')}`,
    })
  }
  throw new ConfigError('CORPUS_SPEC', {
    what: issue.path.length > 0 ? `${where}: ${issue.path.join('.')} is wrong` : `${where} is wrong`,
    why: isObject
      ? issue.message.replace(/^Invalid input: /, '')
      : 'it must be a name or path, several of them, or an object with text or oneOf',
  })
}

/**
 * A spec in one shape.
 *
 * throws  ConfigError as `parseCorpusSpec`
 */
export function planOf(spec: CorpusSpec): CorpusPlan {
  const parsed = corpusSpecSchema.parse(parseCorpusSpec(spec))
  const shape: Cut = typeof parsed === 'string' || Array.isArray(parsed) ? {} : parsed
  const { words = null, phrases = [], tokenizer = 'whitespace' } = shape
  return { choices: choicesOf(parsed), words, phrases, tokenizer }
}

type Cut = Pick<z.output<typeof ofTexts>, keyof typeof cut>

function choicesOf(parsed: z.output<typeof corpusSpecSchema>): string[][] {
  if (typeof parsed === 'string') return [[parsed]]
  if (Array.isArray(parsed)) return [parsed]
  if ('oneOf' in parsed) return parsed.oneOf.map((text) => [text])
  return [typeof parsed.text === 'string' ? [parsed.text] : parsed.text]
}

/** What a table's caption says: `first 16,000,000 words of text8, phrases joined (thresholds 200, 100)`. */
export function labelOf(names: string[], { words, phrases }: Pick<CorpusPlan, 'words' | 'phrases'>): string {
  const of = names.map((name) => basename(name)).join(', ')
  const cut = words === null ? of : `first ${formatCount(words)} words of ${of}`
  if (phrases.length === 0) return cut
  const thresholds = phrases.map(({ threshold }) => threshold).join(', ')
  return `${cut}, phrases joined (${phrases.length === 1 ? 'threshold' : 'thresholds'} ${thresholds})`
}
