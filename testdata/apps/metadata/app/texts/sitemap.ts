export default function sitemap() {
  return [
    {
      url: 'https://example.com/texts',
      lastModified: new Date(0),
      alternates: { languages: { es: 'https://example.com/es/texts', 'de-AT': 'https://example.com/de/texts?a&b', 'x-default': 'https://example.com/texts' } },
      images: ['https://example.com/1.png', 'https://example.com/2.png?a=1&b=2'],
    },
    {
      url: 'https://example.com/films',
      videos: [
        {
          title: 'A "film" & <more>',
          thumbnail_loc: 'https://example.com/t.png',
          description: 'all of the fields',
          content_loc: 'https://example.com/v.mp4',
          player_loc: 'https://example.com/player',
          duration: 600,
          view_count: 12345,
          tag: 'one',
          rating: 4.2,
          expiration_date: '2030-01-01',
          publication_date: '2024-02-03T04:05:06+00:00',
          family_friendly: 'yes' as const,
          requires_subscription: 'no' as const,
          live: 'no' as const,
          restriction: { relationship: 'allow' as const, content: 'IE GB US' },
          platform: { relationship: 'deny' as const, content: 'web tv' },
          uploader: { info: 'https://example.com/users/g', content: 'G & co' },
        },
        { title: 'Few', thumbnail_loc: 'https://example.com/t.png', description: 'few fields', duration: 0, view_count: 0, rating: 0, uploader: { content: 'nobody' } },
      ],
    },
    { url: 'https://example.com/none', images: [], videos: [], alternates: { languages: {} } },
  ];
}
