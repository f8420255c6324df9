import type { Config } from 'portico/config'

export default {
  bodyLimit: '1mb',
} satisfies Config
