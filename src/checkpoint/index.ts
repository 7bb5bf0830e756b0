export { type Cadence, parseCadence } from './cadence.ts'
export { type Checkpoint, CheckpointStore, type Manifest } from './store.ts'
