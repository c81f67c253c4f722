"""Where hosts stand in a package outside its DEX files: resources, assets, native libraries, archives inside it."""
