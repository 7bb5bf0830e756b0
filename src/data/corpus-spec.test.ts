import { expect, test } from 'vitest'
import { z } from 'zod'
import { corpusSpecSchema, labelOf, parseCorpusSpec, parseWords, planOf } from './corpus-spec.ts'

test('numbers of words as people write them', () => {
  const words = ['16M', '1.5B', '600k', '2G', 42, '42', '783m'].map(parseWords)
  expect(words).toEqual([16e6, 1.5e9, 6e5, 2e9, 42, 42, 783e6])
  expect(['', '16 Mwords', '-1', 0, 1.5e-9, '0.1', Number.NaN, '1e6'].map(parseWords)).toEqual(
    Array(8).fill(undefined),
  )
})

test('every shape means a plan', () => {
  expect(planOf('text8')).toEqual({ choices: [['text8']], words: null, phrases: [], tokenizer: 'whitespace' })
  expect(planOf(['a', 'b'])).toEqual({
    choices: [['a', 'b']],
    words: null,
    phrases: [],
    tokenizer: 'whitespace',
  })
  expect(planOf({ text: ['a', 'b'], words: '1M' })).toEqual({
    choices: [['a', 'b']],
    words: 1e6,
    phrases: [],
    tokenizer: 'whitespace',
  })
  expect(planOf({ oneOf: ['a', 'b'], phrases: [{ threshold: 200 }, { threshold: 100 }] })).toEqual({
    choices: [['a'], ['b']],
    words: null,
    phrases: [
      { threshold: 200, minCount: 5 },
      { threshold: 100, minCount: 5 },
    ],
    tokenizer: 'whitespace',
  })
})

test('labels are captions', () => {
  const phrases = [{ threshold: 200, minCount: 5 }]
  expect(labelOf(['text8'], { words: null, phrases: [] })).toBe('text8')
  expect(labelOf(['/a/b.txt', 'c'], { words: 24e6, phrases })).toBe(
    'first 24,000,000 words of b.txt, c, phrases joined (threshold 200)',
  )
})

test.each([
  [{ text: 'a', word: 3 }, 'unknown key word\n  try: did you mean words?'],
  [{ oneOf: ['a'], text: 'b' }, 'unknown key text'],
  [{ oneOf: ['a'], words: 'many' }, 'words is wrong\n  why: it must be a number of words'],
  [
    { text: 'a', phrases: [{ treshold: 3 }] },
    'unknown key phrases.0.treshold\n  try: did you mean threshold?',
  ],
  [{ txt: 'a', words: 'many' }, 'unknown key txt\n  try: did you mean text?'],
  [{ text: 'a', phrases: [{ minCount: 3 }] }, 'phrases.0.threshold is wrong'],
  [{ text: 'a', phrases: [{ threshold: 3, min: 3 }] }, 'unknown key phrases.0.min'],
  [{ text: 'a', phrases: [{ threshold: 3 }, { threshold: 3 }] }, 'thresholds must fall'],
  [{ text: 'a', phrases: [{ threshold: 3 }, { threshold: 2, minCount: 1 }] }, 'the same in each pass'],
  [{ text: 'a', tokenizer: 'words' }, 'it is for joining phrases'],
  [{ oneOf: ['a'], phrases: [{ threshold: 3 }], tokenizer: 'word' }, 'tokenizer is wrong'],
  [[], 'a name or path'],
  [7, 'a name or path'],
  [{}, 'text is wrong'],
])('%j is refused', (spec, told) => {
  expect(() => parseCorpusSpec(spec, 'x.yaml')).toThrow(`x.yaml`)
  expect(() => parseCorpusSpec(spec, 'x.yaml')).toThrow(told)
})

test('editors get a schema of it', () => {
  const schema = z.toJSONSchema(corpusSpecSchema, { io: 'input' })
  expect(JSON.stringify(schema)).toContain('take the first so many words')
  expect(schema.anyOf).toHaveLength(4)
})
