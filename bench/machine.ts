import { ask } from './process.ts'

export { describeMachine, type Machine } from '../src/runtime/machine.ts'

/** The commit that is measured, with a `+` if files differ from it; null outside a repository. */
export function describeCommit(): string | null {
  const git = (...args: string[]) => ask('git', '-C', import.meta.dirname, ...args)
  const commit = git('rev-parse', '--short=10', 'HEAD')
  if (!commit) return null
  return git('status', '--porcelain', '--', '../src', '../kernels', '.') === '' ? commit : `${commit}+`
}
