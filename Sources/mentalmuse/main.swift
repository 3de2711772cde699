print("mentalmuse")
