export { type Checkpoint, CheckpointStore, type Manifest } from './store.ts'
