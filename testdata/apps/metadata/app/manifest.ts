export default function manifest() {
  return { name: 'Généré', short_name: 'G', start_url: '/', display: 'standalone', icons: [{ src: '/favicon.ico', sizes: 'any', type: 'image/x-icon' }], theme_color: undefined };
}
