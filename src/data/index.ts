export { type CorpusSpec, corpusSpecSchema, parseCorpusSpec, parseWords } from './corpus-spec.ts'
export { type CorpusDescription, describeCorpus } from './describe.ts'
export { type Downloaded, type DownloadOptions, download } from './download.ts'
export { type Checksums, checksumText, type DataEntry, type DataKind } from './entry.ts'
export { byHand, type Fetched, type FetchOptions, fetchData } from './fetch.ts'
export {
  cacheFolder,
  catalogue,
  dataFile,
  dataFolder,
  type Found,
  find,
  findEntry,
  type Places,
  requireEntry,
} from './places.ts'
export { type PreparedCorpus, type PrepareOptions, prepareCorpus } from './prepare.ts'
export { chooseSources, type Source, type SourceOptions } from './sources.ts'
export { type Packing, packingOf, unpacked } from './unpack.ts'
