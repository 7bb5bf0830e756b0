export { BlockReader, BlockTable, type BlockText, chooseBlockBytes } from './blocks.ts'
export {
  type BlockAudits,
  type CountOptions,
  type CountResult,
  corpusFingerprint,
  countCorpus,
} from './count.ts'
export { type CorpusFile, findCorpusFiles } from './files.ts'
export { maxSentence, readRecords, type TextRecord } from './records.ts'
export { type Tokenizer, tokenizers } from './tokenizer.ts'
export { Vocabulary } from './vocabulary.ts'
