export { type ClassOptions, orderByClass, wordClasses, writeClasses } from './classes.ts'
export {
  detectFormat,
  formatOfName,
  readVectors,
  type VectorFormat,
  vectorFormats,
  widthOfVectors,
  writeVectors,
} from './format.ts'
export { KeyedVectors, type NearOptions, type Neighbour } from './keyed-vectors.ts'
export { type StreamedVectors, writeStreamedVectors } from './safetensors.ts'
export type { VectorSet } from './set.ts'
export { VectorTable } from './table.ts'
export { type Words, WordTable } from './words.ts'
