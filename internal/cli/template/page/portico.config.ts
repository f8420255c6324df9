import type { Config } from 'portico/config'

export default {
  bodyLimit: '1mb',
  // What no handler answers. A build fits here too, with its own server in
  // development: { dir: 'dist', dev: 'http://localhost:5173' }
  frontend: { dir: 'frontend' },
} satisfies Config
