export default {
  frontend: { dir: 'web/dist', fallback: 'index.html', dev: process.env.FRONTEND, immutable: 'assets' },
  // A page of another origin may read what is below /partner, and nothing else.
  cors: process.env.PARTNER ? [{ source: '/partner', origins: [process.env.PARTNER], credentials: true }] : [],
  server: {
    isolates: 1, // who listens is in a script's memory
    ...(process.env.CERT ? { tls: { cert: process.env.CERT, key: process.env.KEY } } : {}),
  },
}
