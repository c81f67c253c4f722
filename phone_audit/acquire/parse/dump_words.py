"""The words of `dumpsys package`, of Android 8 to 17, so that what is none of them can be counted.

From AOSP's `Settings.dumpPackageLPr`, `dumpSharedUsersLPr` and `dumpComponents` of several versions, and from the real
dumps of the tests. Most are read past: they say nothing that a scan needs.
"""

_OF_PACKAGES = """
    apexModuleName apkSigningVersion appId appMetadataFilePath appMetadataSource applicationInfo category childPackages
    codePath cpuAbiOverride dataDir extractNativeLibs firstInstallTime flags forceQueryable gids
    hiddenApiEnforcementPolicy initiatingPackageName installPermissionsFixed installerAttributionTag
    installerPackageName installerPackageUid isLoading isMiuiPreinstall isOrphaned lastUpdateTime
    legacyNativeLibraryDir loadingProgress minExtensionVersions originatingPackageName overlayCategory overlayTarget
    packageSource pageSizeCompat parentPackage pccId pkg pkgFlags primaryCpuAbi privateFlags privateFlagsExt
    privatePkgFlags queriesIntents queriesPackages queriesProviders resourcePath scannedAsStoppedSystemApp
    secondaryCpuAbi sharedUser signatures splits supportsScreens timeStamp updateOwnerPackageName userId usesNonSdkApi
    versionCode versionName volumeUuid
"""
PACKAGE_KEYS = frozenset(_OF_PACKAGES.split())
"""Keys of a package and of a shared user. Android 8 and older print `gids` with them."""

_OF_USERS = """
    archiveTime dataDir dialogInfo firstInstallTime gids installReason pinnedLauncher splashScreenTheme
    suspendingPackage uninstallReason
"""
USER_KEYS = frozenset(_OF_USERS.split())
"""Keys of a package as one user has it; the states stand on the line that begins the user."""

LISTS = frozenset(
    (
        "activities:",
        "declared permissions:",
        "disabledComponents:",
        "dynamic libraries:",
        "enabledComponents:",
        "grantedPermissions:",
        "install permissions:",
        "instrumentations:",
        "legacy overlay paths:",
        "mimeGroups:",
        "overlay paths:",
        "Packages",
        "providers:",
        "receivers:",
        "requested permissions:",
        "runtime permissions:",
        "sdk library:",
        "services:",
        "static library:",
        "Suspend params:",
        "usesLibraries:",
        "usesLibraryFiles:",
        "usesNativeLibraries:",
        "usesOptionalLibraries:",
        "usesOptionalNativeLibraries:",
        "usesSdkLibraries:",
        "usesStaticLibraries:",
    )
)
"""Titles of lists inside a block. From Android 12 on there is also `overlay paths for LIBRARY:`."""

LIST_BEGINNINGS = ("overlay paths for ", "legacy overlay paths for ")
SAYINGS = ("harmfulAppWarning:", "lastDisabledCaller:")
"""Words that have their text behind a colon, on the same line."""

SHOWN_FORM = 40
"""Characters of a line that stand for its form."""


def form_of(line: str) -> str:
    """Return what stands for all lines like this one: its key, its first words up to a colon, or its beginning.

    Example:
        >>> form_of("    newKey=some value"), form_of("      new list:"), form_of("   a line of text " + "x" * 50)
        ('newKey=', 'new list:', 'a line of text xxxxxxxxxxxxxxxxxxxxxxxxx')
    """
    stripped = line.strip()
    for mark in ("=", ":"):
        word, found, _ = stripped.partition(mark)
        if found and word and len(word) < SHOWN_FORM:
            return word + mark
    return stripped[:SHOWN_FORM]
