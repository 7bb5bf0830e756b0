export {
  byName,
  type Catalogue,
  type CatalogueRun,
  type CatalogueVersion,
  newestOf,
  readCatalogue,
  readRun,
} from './catalogue.ts'
export {
  type ComparedField,
  compareRuns,
  compareVersions,
  differences,
  type RunComparison,
  type VersionComparison,
} from './compare.ts'
export { EventLog, type Progress, type RunEvent, readEvents, type ScoredPoint } from './events.ts'
export { flattenScores, fullScorePath } from './flat-scores.ts'
export {
  type EpochAudit,
  type RunFile,
  RunFolder,
  type RunStatus,
  type Schedule,
  type StoppedEarly,
  type TrainResult,
} from './folder.ts'
export { lastEvent } from './last-event.ts'
export { acquireLock, acquireLockBehindOrphan, isHeld, type Lock } from './lock.ts'
export {
  type Found,
  type FoundRun,
  type FoundVersion,
  findRun,
  labelOf,
  nextVersion,
  parseRunName,
  type RunName,
  versionFolder,
  versionsOf,
} from './names.ts'
export type { Prunable, PrunePlan } from './prunable.ts'
export { type PruneOptions, planPrune, pruneOne } from './prune.ts'
export {
  type Condition,
  type FieldValue,
  fieldOf,
  parseCondition,
  type RunQuery,
  requireFields,
  runFields,
  selectRuns,
} from './run-query.ts'
export { type RunState, stateOfRun } from './run-state.ts'
export { readVersionFile, type VersionFile, type VersionRun } from './version-file.ts'
