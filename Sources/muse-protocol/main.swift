print("muse-protocol")
