export default {
  typescript: { ignoreBuildErrors: true },
  i18n: { locales: ['en', 'fr'], defaultLocale: 'en' },
}
