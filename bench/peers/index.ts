import { note } from '../../src/cli/output.ts'
import { ask } from '../process.ts'
import type { Tool } from '../tool.ts'
import { findFastText } from './fasttext.ts'
import { findGensim } from './gensim.ts'

/** The peers that Debian has. */
export const peers = {
  gensim: { package: 'python3-gensim', find: findGensim },
  fasttext: { package: 'fasttext', find: findFastText },
} satisfies Record<string, { package: string; find: () => Tool | undefined }>
export type PeerName = keyof typeof peers

/** The peers that are there, or can be installed; one line tells of each that is left out. */
export function findPeers(names: readonly PeerName[]): Tool[] {
  const found = new Map(names.map((name) => [name, peers[name].find()]))
  const missing = names.filter((name) => !found.get(name))
  if (missing.length > 0) {
    const why = install(missing.map((name) => peers[name].package))
    for (const name of missing) {
      const tool = peers[name].find()
      found.set(name, tool)
      if (!tool)
        note(`${name} is left out: it is not installed, and ${why ?? 'its package did not bring it'}`)
    }
  }
  return [...found.values()].filter((tool) => tool !== undefined)
}

/** Installs Debian packages; returns why that was not possible. */
function install(packages: string[]): string | undefined {
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const works = (command: string[]) => ask('env', ...command) !== undefined
  if (!works([...sudo, 'apt-get', '--version']))
    return 'there is no apt-get, or no right to use it (root, or sudo without a password)'
  note(`installing ${packages.join(' and ')} from Debian`)
  const get = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq']
  const installing = [...get, 'install', '-y', '--no-install-recommends', ...packages]
  if (works(installing) || (works([...get, 'update']) && works(installing))) return undefined
  return `\`apt-get install ${packages.join(' ')}\` failed`
}
