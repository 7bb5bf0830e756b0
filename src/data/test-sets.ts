import type { DataEntry } from './entry.ts'

const github = 'https://raw.githubusercontent.com'
const word2vec = 'tmikolov/word2vec/20c129af10659f7c50e86e3be406df663beff438'
const wordVectors = 'mfaruqui/eval-word-vectors/94b3dd9fdbac7ed08dbee7179cd5ee464acf0594'
const korean = 'SungjoonPark/KoreanWordVectors/e34ba28e275bfd4a5d185e7718b147bc3177d8f7'
const challenge = 'Cyphio/Microsoft-Sentence-Completion-Challenge/0b89289208ae91781e3644a706d91f4eb5312118'

const research = "for research, by its authors' terms"

/** The test sets that have a name. */
export const testSets: DataEntry[] = [
  {
    name: 'questions-words',
    kind: 'analogies',
    what: "Google's analogies: 19,544 questions, 5 semantic and 9 syntactic sections",
    licence: 'Apache-2.0',
    home: 'https://github.com/tmikolov/word2vec',
    file: 'analogy/questions-words.txt',
    ...known('8c29b3332afc46f3fb8be04cb5297bf96f39aa7131272dff57869b4485b22a36', 603_955),
    download: { urls: [`${github}/${word2vec}/questions-words.txt`] },
  },
  {
    name: 'questions-phrases',
    kind: 'analogies',
    what: "Google's analogies of phrases: 3,218 questions, 5 sections",
    licence: 'Apache-2.0',
    home: 'https://github.com/tmikolov/word2vec',
    file: 'analogy/questions-phrases.txt',
    ...known('55cfc0894d0fe6cf974d106da3e09b5fb2fa6125b6ddc633d06e298dc5aa7901', 168_209),
    download: { urls: [`${github}/${word2vec}/questions-phrases.txt`] },
  },
  {
    name: 'msr-syntactic',
    kind: 'analogies',
    what: 'syntactic analogies of Mikolov, Yih and Zweig 2013: 8,000 questions, without their sections',
    licence: 'Microsoft Research data, terms not stated: for evaluation',
    home: 'https://aclanthology.org/N13-1090',
    file: 'analogy/msr-syntactic.txt',
    ...known('6e8d8a1d83165250631e5d74689837ab11bd00b7547a1d5e7000fa8bb4e259ef', 239_628),
    download: {
      urls: [
        `${github}/zhezhaoa/ngram2vec/8021b7b63b9b07ff76e06a85c1103347948d396f/testsets/analogy/msr.txt`,
      ],
    },
  },
  {
    name: 'ko-analogies',
    kind: 'analogies',
    what: 'Korean analogies of Park et al. 2018: 10,000 questions, 10 sections',
    licence: 'published for evaluation, terms not stated',
    home: 'https://github.com/SungjoonPark/KoreanWordVectors',
    file: 'analogy/ko-word-analogy-park2018.txt',
    ...known('b6dea84dda708883948de3b5922604acbe8fe71ed137c005c5b58b2cccbe4e96', 408_970),
    download: { urls: [`${github}/${korean}/word_analogy_korean.txt`] },
  },
  pairs('ws353', 'WS-353-ALL', 'WordSim-353: 353 pairs, similar or related', {
    ...known('ce12919b240af45bdf46d243601eaca2b6212b159b5e7e9b435ee7ee40c5619c', 7405),
  }),
  pairs('ws353-similarity', 'WS-353-SIM', 'of WordSim-353, the 203 pairs rated for similarity', {
    ...known('f1da938998863c94e53f72f984a5c6e215f0b46c323aae8f0f4930703a339107', 4002),
  }),
  pairs('ws353-relatedness', 'WS-353-REL', 'of WordSim-353, the 252 pairs rated for relatedness', {
    ...known('66a7c88100624d0a391605ff61ce84e11d11ee620d51ec0298da49592838f8fa', 5134),
  }),
  pairs('simlex999', 'SIMLEX-999', 'SimLex-999: 999 pairs rated for similarity, not relatedness', {
    ...known('405394ffb7d25f6d0e3c041f87c9f27d29dc6b047506769953e85c4523b11685', 18_024),
  }),
  pairs('men', 'MEN-TR-3k', 'MEN: 3,000 pairs rated for relatedness', {
    ...known('888b13580faa362c7b11da0a670258cf1b1eb4bf0ecbcd418918729a3bd3f43a', 53_593),
  }),
  pairs('rg65', 'RG-65', 'Rubenstein and Goodenough 1965: 65 pairs of nouns', {
    ...known('c243f3a91c3f5d8cf67f21a67f6fb80bde8b6bb060851a6a48e6f2d68ec98c9f', 1210),
  }),
  pairs('mc30', 'MC-30', 'Miller and Charles 1991: 30 pairs of nouns', {
    ...known('33ee05911496ff83d95cac351d0746c6f63b9181b605cb7d307f4daa8864511b', 543),
  }),
  pairs('yp130', 'YP-130', 'Yang and Powers 2006: 130 pairs of verbs', {
    ...known('7643fdbc6158c3424061e2cba450c71285767266ff9f3db947bfc1f1f5ce67ab', 2614),
  }),
  pairs('verb143', 'VERB-143', 'Baker et al. 2014: 143 pairs of verbs', {
    ...known('7259e19961c81912aa4c72de0102e480b2ad2bb9f4ce97d036fbde8e1a403001', 3320),
  }),
  {
    name: 'ko-ws353',
    kind: 'pairs',
    what: 'Korean WordSim-353 of Park et al. 2018',
    licence: 'published for evaluation, terms not stated',
    home: 'https://github.com/SungjoonPark/KoreanWordVectors',
    file: 'similarity/ko-WS353-park2018.csv',
    ...known('1a2d9048dfde1a63e864c59f292db42ebe62b63469900d08bb87b074cc96306e', 7378),
    download: { urls: [`${github}/${korean}/WS353_korean.csv`] },
  },
  {
    name: 'msr-completion',
    kind: 'completion',
    what: 'MSR Sentence Completion Challenge: 1,040 sentences with a word left out, 5 choices each',
    licence: 'Microsoft Research data, terms not stated: for evaluation',
    home: 'https://www.microsoft.com/en-us/research/publication/the-microsoft-research-sentence-completion-challenge/',
    file: 'completion/msr-scc-testing_data.csv',
    ...known('d2c5ee9dfd823ad0c4f582631b8dc0b1f6777957e2ee0f2e7dbe7982d00b5763', 153_634),
    download: { urls: [`${github}/${challenge}/testing_data.csv`] },
    needs: ['msr-completion-answers'],
  },
  {
    name: 'msr-completion-answers',
    kind: 'completion',
    what: 'the answers of msr-completion',
    licence: 'as msr-completion',
    home: 'https://www.microsoft.com/en-us/research/publication/the-microsoft-research-sentence-completion-challenge/',
    file: 'completion/msr-scc-test_answer.csv',
    ...known('da979e32df25f5db6d3817415d342e168a8b6c88206bf8412267f056fe1858ff', 6183),
    download: { urls: [`${github}/${challenge}/test_answer.csv`] },
  },
]

function known(sha256: string, bytes: number): Pick<DataEntry, 'checksums' | 'bytes' | 'words'> {
  return { checksums: { sha256 }, bytes, words: null }
}

/** One of the word pairs that eval-word-vectors brings together, in one shape. */
function pairs(name: string, set: string, what: string, of: ReturnType<typeof known>): DataEntry {
  return {
    name,
    kind: 'pairs',
    what,
    licence: research,
    home: 'https://github.com/mfaruqui/eval-word-vectors',
    file: `similarity/en/EN-${set}.txt`,
    ...of,
    download: { urls: [`${github}/${wordVectors}/data/word-sim/EN-${set}.txt`] },
  }
}
