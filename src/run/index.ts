export { EventLog, type Progress, type RunEvent, readEvents } from './events.ts'
export {
  type EpochAudit,
  type RunFile,
  RunFolder,
  type RunStatus,
  type Schedule,
  type TrainResult,
} from './folder.ts'
export { lastEvent } from './last-event.ts'
export { acquireLock, acquireLockBehindOrphan, type Lock } from './lock.ts'
