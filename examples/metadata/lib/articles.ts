import { unstable_cache } from 'next/cache'

interface Article {
  slug: string
  title: string
  changed: string
}

// In a real project this asks a database.
export const articles = unstable_cache(
  async (): Promise<Article[]> => [
    { slug: 'anvils', title: 'Anvils & how to drop them', changed: '2025-11-03' },
    { slug: 'tunnels', title: 'Painted tunnels', changed: '2026-02-17' },
  ],
  ['articles'],
  { tags: ['articles'] },
)
