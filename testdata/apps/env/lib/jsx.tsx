export const Component = () => <p>x</p>; export const tag = typeof Component
