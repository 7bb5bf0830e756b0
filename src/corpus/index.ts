export { BlockReader, BlockTable, type BlockText, chooseBlockBytes } from './blocks.ts'
export {
  type BlockAudits,
  type CountOptions,
  type CountResult,
  corpusFingerprint,
  countCorpus,
} from './count.ts'
export { type CountingPlan, countingDiskBytes, planCounting, requireCounting } from './count-plan.ts'
export { type CorpusFile, findCorpusFiles } from './files.ts'
export {
  findPhrases,
  type PhrasePassDone,
  type PhrasesObserver,
  type PhrasesOptions,
  type PhrasesResult,
} from './phrases.ts'
export { type Phrase, phraseScore } from './phrases-pass.ts'
export { maxSentence, readRecords, type TextRecord } from './records.ts'
export { type CorpusSample, countSample } from './sample.ts'
export { splitWords, type Tokenizer, tokenizers } from './tokenizer.ts'
export { Vocabulary } from './vocabulary.ts'
